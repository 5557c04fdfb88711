//! The words of SQL: keywords, functions, system objects, and the commonest words of prose that are none of these.
//!
//! Which words *attack* is not said here: a word only gets its part of speech, the weights are data.

use super::SqlToken::{self, *};
use crate::words::Table;

/// Length up to which a word is mended where comments take it apart; longer ones are names of tables.
pub(super) const LONGEST: usize = 16;

/// What a word is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// What it is on its own.
    pub(super) plain: SqlToken,
    /// What it is before an opening parenthesis.
    pub(super) call: SqlToken,
    /// Whether blanks may stand between it and that parenthesis. Not for functions named by words of prose.
    pub(super) loose: bool,
}

impl Word {
    /// A word that is in no table.
    pub(super) const UNKNOWN: Word = Word { plain: NAME, call: CALL, loose: false };

    /// What belongs to the database system and reaches out of the query when called.
    pub(super) const SYSTEM: Word = Word { plain: SYSTEM, call: RISKY, loose: true };

    const fn keyword(token: SqlToken) -> Word {
        Word { plain: token, call: token, loose: true }
    }

    /// A keyword that, right before a parenthesis, is a function.
    const fn keyword_or(token: SqlToken, call: SqlToken) -> Word {
        Word { plain: token, call, loose: false }
    }

    /// A function whose name nobody writes otherwise.
    const fn function(call: SqlToken) -> Word {
        Word { plain: NAME, call, loose: true }
    }

    /// A function whose name is also a word of prose or a usual column.
    const fn common_function() -> Word {
        Word { plain: NAME, call: FUNC, loose: false }
    }

    /// Whether names may be joined to it by dots, so that it is no keyword.
    pub(super) const fn is_name(self) -> bool {
        matches!(self.plain, NAME | SYSTEM | WORD)
    }
}

/// Words that begin a statement of some dialect and are read as such there alone: elsewhere they are names and prose.
static STATEMENTS: Table<(), 64> = Table::new(&[(
    (),
    "analyze checkpoint comment copy dbcc deny describe discard do explain flush import install listen lock notify \
     optimize raiserror release repair reset return savepoint show signal start throw unlock use vacuum while",
)]);

/// Whether a word behind `;` begins a statement, in any letter case.
pub(super) fn begins_statement(word: &[u8]) -> bool {
    STATEMENTS.get(word).is_some()
}

/// Words that are objects behind `create`, `alter` and the like, and ordinary names elsewhere.
static OBJECTS: Table<(), 32> =
    Table::new(&[((), "event extension login proc role sequence server type user")]);

/// Whether a word behind `create` or the like says what is made, in any letter case.
pub(super) fn is_object(word: &[u8]) -> bool {
    OBJECTS.get(word).is_some()
}

const GROUPS: &[(Word, &str)] = &[
    (Word::keyword(SELECT), "select"),
    (Word::keyword(UNION), "union intersect except minus"),
    (
        Word::keyword(ALL),
        "all distinct distinctrow top straight_join sql_no_cache sql_cache high_priority sql_calc_found_rows ignore \
         low_priority quick delayed",
    ),
    (Word::keyword(FROM), "from join"),
    (Word::keyword(WHERE), "where"),
    (Word::keyword(INTO), "into procedure"),
    (Word::keyword(FILE), "outfile dumpfile infile"),
    (Word::keyword(ORDER), "order group"),
    (Word::keyword(BY), "by"),
    (Word::keyword(HAVING), "having"),
    (Word::keyword(LIMIT), "limit offset fetch returning rollup settings rownum"),
    (Word::keyword(DML), "update delete merge upsert"),
    (Word::keyword_or(DML, FUNC), "insert replace"),
    (Word::keyword(VALUES), "values"),
    (Word::keyword(SET), "set"),
    (Word::keyword(DDL), "drop create alter truncate grant revoke rename"),
    (
        Word::keyword(OBJECT),
        "table column columns tables databases schemas trigger view index function tablespace privileges",
    ),
    (Word::keyword_or(OBJECT, FUNC), "database schema"),
    (Word::keyword(EXEC), "exec execute shutdown reconfigure openrowset opendatasource openquery"),
    (Word::keyword(DECLARE), "declare prepare deallocate"),
    (
        Word::keyword(ROUTINE),
        "begin goto call print handler load attach pragma analyse immediate cursor backup restore commit \
         rollback raise perform kill",
    ),
    (Word::keyword(WAITFOR), "waitfor"),
    (Word::keyword_or(CASE, FUNC), "case if elseif"),
    (Word::keyword(WHEN), "when then else end"),
    (Word::keyword(LOGIC), "or and xor"),
    (Word::keyword(LIKE), "like rlike ilike regexp glob between"),
    (Word::keyword(IN), "in exists any some"),
    (Word::keyword(IS), "is notnull"),
    (Word::keyword_or(IS, FUNC), "isnull"),
    (Word::keyword(AS), "as"),
    (Word::keyword(ARITH), "div mod collate escape"),
    (Word::keyword(LIT), "null true false unknown"),
    (
        Word::keyword_or(LIT, FUNC),
        "current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp",
    ),
    (
        Word::keyword(TYPE),
        "varchar varchar2 nvarchar varbinary integer int bigint smallint decimal numeric signed unsigned boolean blob clob \
         text character nchar float double interval timestamp jsonb json xml \
         regclass",
    ),
    (
        Word::function(FUNC),
        "concat concat_ws group_concat string_agg array_agg listagg substring substr ascii ord chr hex unhex char_length \
         character_length bit_length octet_length cast convert try_cast try_convert coalesce nullif ifnull nvl nvl2 decode iif \
         lpad rpad elt make_set rand random bin oct conv md5 sha sha1 sha2 aes_encrypt aes_decrypt to_base64 from_base64 \
         compress uncompress instr charindex patindex find_in_set strcmp strlen lcase ucase ltrim rtrim quotename quote_literal \
         parsename stuff getdate curdate curtime current_database charset collation coercibility connection_id last_insert_id row_count found_rows db_name user_name user_id suser_name suser_sname \
         host_name object_id object_name col_name type_name has_dbaccess is_srvrolemember is_member serverproperty \
         to_char to_number to_date to_timestamp to_hex get_byte encode ceil ceiling greatest least datediff date_add \
         date_sub now pi json_extract json_value json_query json_object json_keys json_arrayagg json_each json_depth \
         json_quote json_length json_type json_array json_valid json_contains json_typeof jsonb_typeof isjson json_tuple jsonb_build_object row_to_json xmltype xmlelement xmlagg xmlserialize database_to_xml query_to_xml \
         quote_ident regexp_replace regexp_like regexp_count regexp_instr regexp_substr generate_series inet_aton inet_ntoa \
         inet6_aton char_to_label rawtohex utl_raw length_b sqlite_version sqlite_source_id typeof unicode soundex \
         translate to_clob ora_hash crypt_key zeroifnull bitcount bit_shift bitstring_to_binary tochar iff \
         parse_data_size to_posixtime rownumber row_number",
    ),
    (
        Word::common_function(),
        "left right mid char count length len version user exp floor round sum avg min max abs sign sqrt power pow log \
         lower upper trim reverse repeat space date time year month day hour minute second format position locate unnest \
         field export_set hash crypt strpos like_escape row instring match",
    ),
    (
        Word::function(FUNC),
        "cos sin tan cot acos asin atan atan2 degrees radians crc32 log2 log10 ln",
    ),
    // Functions that need no parentheses.
    (
        Word::keyword_or(SYSTEM, FUNC),
        "current_user session_user system_user current_schema current_role current_catalog sysdate systimestamp",
    ),
    (
        Word::function(DELAY),
        "sleep pg_sleep benchmark randomblob get_lock release_lock is_used_lock pg_sleep_for pg_sleep_until receive_message sleepeachrow",
    ),
    (
        Word::SYSTEM,
        "load_file extractvalue updatexml httpuritype ctxsys drithsx ordsys lo_import lo_export lo_get lo_put \
         lo_from_bytea lo_create pg_read_file pg_ls_dir pg_read_binary_file pg_stat_file pg_file_write \
         pg_logdir_ls pg_reload_conf dblink_connect dblink_send_query copy_file sys_eval sys_exec sys_get \
         regexp_substring heavy_query gtid_subset gtid_subtract geomfromtext st_latfromgeohash \
         st_longfromgeohash st_pointfromgeohash uuid_to_bin name_const raise_error fuzzbits sqlid_to_sqlhash \
         ms_trunc user_lock autonomous_transaction fn_get_audit_file fn_xe_file_target_read_file \
         fn_trace_gettable bulk_insert getmappingxpath",
    ),
    (
        Word::function(RISKY),
        "load_extension readfile writefile dblink edit polygon multipoint multilinestring linestring geometrycollection multipolygon",
    ),
    (
        Word::keyword(SYSTEM),
        "information_schema performance_schema sysobjects syscolumns sysusers sysdatabases syslogins sysprocesses sysfiles sysservers sysconfigures \
         systables sysxlogins sysmaster syspaghdr sysibm sysibmadm syscat sysdummy1 pg_catalog pg_user pg_shadow pg_database \
         pg_class pg_tables pg_authid pg_roles pg_proc pg_attribute pg_stat_activity pg_namespace pg_settings pg_group \
         sqlite_master sqlite_schema sqlite_temp_master all_tables user_tables all_users dba_users dba_tables user_users \
         all_tab_columns user_tab_columns user_tab_cols all_tab_cols all_objects user_objects dba_objects all_source \
         user_role_privs session_privs session_roles v$version v$database v$instance v$session v$parameter global_name \
         product_component_version msysobjects msysaccessobjects msysaces msysqueries rdb$database rdb$fields rdb$types \
         rdb$relations rdb$functions rdb$collations rdb$relation_fields table_name column_name table_schema schema_name schemata \
         column_key dual innodb_table_stats innodb_index_stats statements_with_errors_or_warnings processlist \
         file_priv super_priv user_privileges schema_privileges usesuper usename passwd_hash domain.domains syscolumn systable \
         sysuser xtype",
    ),
    (
        Word::keyword(WORD),
        "the a an of to it this that these those you your yours we our they their he his she her its my me are was were be been \
         being do does did have has had can could will would should may might must shall no for with at which who what how why \
         there here also only more most other than so such but because while though very just please about after before during \
         without within under over through each every both either neither whether however therefore \
         i am im dont de la le les el los las un une und der die das et il que para por con del",
    ),
];

static TABLE: Table<Word, 2048> = Table::new(GROUPS);

/// What `word` is, in any case of its ASCII letters. O(1).
#[inline]
pub(super) fn lookup(word: &[u8]) -> Word {
    TABLE.get(word).unwrap_or_else(|| unlisted(word))
}

/// Packages whose names say what they are, listed or not.
const PREFIXES: [&[u8]; 4] = [b"dbms_", b"utl_", b"xp_", b"sp_"];

/// Schemas of the database system; whatever is in them is the system's.
const SCHEMAS: [&[u8]; 8] = [
    b"information_schema",
    b"master",
    b"msdb",
    b"mysql",
    b"performance_schema",
    b"pg_catalog",
    b"syscat",
    b"sysibm",
];

/// Whether what is joined to this name by a dot belongs to the database system.
pub(super) fn is_system_schema(word: &[u8]) -> bool {
    SCHEMAS.iter().any(|schema| schema.eq_ignore_ascii_case(word))
}

fn unlisted(word: &[u8]) -> Word {
    let fits = |prefix: &&[u8]| {
        word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    // The underscore is rare enough to be asked first.
    if (word.get(2) == Some(&b'_') || word.get(3) == Some(&b'_') || word.get(4) == Some(&b'_'))
        && PREFIXES.iter().any(fits)
    {
        Word::SYSTEM
    } else {
        Word::UNKNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_word_is_found_in_any_case() {
        for (word, list) in GROUPS {
            for text in list.split_ascii_whitespace() {
                assert_eq!(lookup(text.as_bytes()).plain, word.plain, "{text}");
                assert_eq!(lookup(text.to_ascii_uppercase().as_bytes()).call, word.call, "{text}");
                assert_eq!(text.to_ascii_lowercase(), text);
            }
        }
    }

    #[test]
    fn what_is_not_listed_is_a_name() {
        for text in ["", "x", "selec", "selects", "séléct", "constantinople", "sp", "xp"] {
            assert_eq!(lookup(text.as_bytes()).plain, NAME, "{text}");
        }
        assert_eq!(lookup(&[b'a'; 4000]).plain, NAME);
        assert_eq!(lookup(b"XP_nobody_listed_this").call, RISKY);
    }
}
