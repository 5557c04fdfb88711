//! Tokens, and the names that mean something where code runs: what they reach, whatever the language.
//!
//! Names are those of the manuals of PHP, Java, Python, Ruby, Perl, Node, .NET and Lua, and of the engines that make templates of
//! them. Letter case is minded by none of the tables: PHP and the class names of expressions do not mind it everywhere, either.

use crate::words::Table;

tokens! {
    /// What the lexer says. Members and words without interest are folded away.
    CodeToken {
        // Where the code stands.
        /// The value begins.
        START,
        /// The quote that surrounds the value was closed.
        CLOSE_STRING,
        /// A closing bracket of what surrounds the value.
        OUT,
        /// A delimiter of templates that opens evaluation: `{{`, `${`, `<%=`.
        OPEN,
        /// The same, and it is used for other things, too: `[[`, `@(`, `{`.
        WEAK,
        /// The expression is all of the value.
        ALONE,
        /// An instruction of an engine: `#set(`, `<#assign`, `{php}`.
        DIRECTIVE,
        /// The delimiter closes.
        END,
        /// `<?php`, `<?=`.
        TAG,
        // Operands.
        WORD, NUMBER, STRING,
        /// A string that is the name of something in these tables, or a class of Java.
        NAME_STRING,
        /// A string that is the name of a module: `'os'`, `'child_process'`.
        MODULE_STRING,
        /// A string that is a hidden attribute, or writes one in escapes: `'__class__'`, `'\x5f\x5f'`.
        DUNDER_STRING,
        /// A string that begins with a command of a shell.
        COMMAND_STRING,
        /// A string that is a path of the system, or a wrapper of files.
        PATH_STRING,
        /// A string that holds a call of something in these tables.
        CODE_STRING,
        /// `$name`, `#name`.
        VAR,
        /// What the request sent: `$_GET`.
        SUPER,
        // Names by what they reach.
        /// Starts a process.
        PROCESS,
        /// The same by a name that is a word elsewhere: `system`, `exec`.
        SYSTEM,
        /// A method of such a name, of an object that nothing is known of.
        METHOD,
        /// Runs text as code.
        EVAL,
        /// Calls what it is given by name.
        CALLBACK,
        FILE,
        /// Reads files or modules by a name that is a word elsewhere: `open`, `include`.
        OPENER,
        /// Ways from an object to classes, methods and loaders.
        REFLECT,
        /// Hidden attributes of Python that lead further.
        DUNDER,
        /// A package of Java or a namespace of .NET.
        PACKAGE,
        NET,
        /// Tells of the machine and its settings.
        INFO,
        /// Digests, whose output scanners look for.
        DIGEST,
        /// Makes text out of codes.
        CODEC,
        PRINT,
        SLEEP,
        /// What an engine gives to templates, and pages have no use for.
        ENGINE,
        /// The same by a name that pages use, too: `request`, `this`.
        OBJECT,
        /// A module that reaches the system: `os`, `fs`.
        MODULE,
        /// Loads modules: `import`, `require`.
        LOADER,
        NEW, KEYWORD,
        // Calls.
        /// Of a name in these tables.
        CALL,
        /// Of any other name.
        ANY_CALL,
        /// Of what is no name: `$f(`, `'f'(`, `)(`.
        DYNAMIC,
        /// `name()` in prose.
        MENTION,
        // Punctuation.
        PAREN, CLOSE, INDEX, COMMA, SEMI,
        /// Text put together.
        CONCAT,
        OP, ASSIGN,
        /// `|`, which names a filter in templates.
        PIPE,
        /// `?new`, `?api`.
        BUILTIN,
        /// A static member of Java: `@java.lang.Runtime@`, `T(java.lang.Runtime)`.
        STATIC,
        /// A command in back-ticks.
        BACKTICK,
        COMMENT,
        /// Two operands side by side, which no grammar allows.
        PROSE,
    }
}

use CodeToken as T;

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Wherever it stands.
    Sure(T),
    /// If it is called, or behind something that is known.
    Called(T),
    /// Only as a member of something that is known.
    Member(T),
    /// Stands between operands and is none: `new`, `return`, `in`.
    Keyword(T),
}

/// Looks a name up; any letter case. O(1).
pub(super) fn lookup(name: &[u8]) -> Option<Word> {
    NAMES.get(name)
}

use Word::{Called, Keyword, Member, Sure};

/// In lower case.
const WORDS: &[(Word, &str)] = &[
    (
        Called(T::PROCESS),
        "shell_exec passthru proc_open pcntl_exec popen popen2 popen3 popen4 execl execlp execv execve execvp spawnl \
         spawnv startfile check_output check_call getoutput getstatusoutput processbuilder processimpl \
         unixprocess execsync spawnsync execfilesync capture2 capture2e capture3 processstartinfo outputsync \
         methodclosure open3",
    ),
    (Sure(T::PROCESS), "getruntime child_process"),
    (Called(T::SYSTEM), "system exec execute spawn shell cmd"),
    (
        Member(T::SYSTEM),
        "run call start invoke launch fork daemon command send sh kill load_string runcommand executecommand",
    ),
    (
        Called(T::EVAL),
        "eval create_function call_user_func call_user_func_array instance_eval class_eval module_eval loadstring \
         scriptenginemanager getenginebyname groovyshell evaluate parseexpression fromcallable assert \
         execscript forward_static_call function",
    ),
    (
        Called(T::CALLBACK),
        "array_map array_filter array_walk array_reduce array_walk_recursive usort uasort uksort array_udiff \
         array_uintersect array_diff_ukey iterator_apply register_shutdown_function register_tick_function \
         preg_replace preg_replace_callback set_error_handler spl_autoload_register \
         registerundefinedfiltercallback registerundefinedfunctioncallback invokefunction",
    ),
    (
        Called(T::FILE),
        "file_get_contents file_put_contents fopen readfile show_source highlight_file fpassthru scandir opendir \
         parse_ini_file move_uploaded_file simplexml_load_file splfileobject directoryiterator globiterator \
         filesystemiterator fileinputstream fileoutputstream filereader filewriter randomaccessfile readfilesync \
         writefilesync readdirsync unlinksync existssync unlink symlink readalllines readalltext readallbytes \
         listdir php_strip_whitespace gzopen bzopen file_excerpt writefile getstreamvariable fgets \
         writealltext",
    ),
    (Called(T::OPENER), "open file include include_once require_once source glob scanner fetch"),
    (
        Member(T::OPENER),
        "read readlines entries gettext write list lookup loadlibrary get paths files text",
    ),
    (
        Called(T::REFLECT),
        "getattr setattr constantize const_get public_send reflectionfunction reflectionclass reflectionmethod \
         invokeargs newinstanceargs newinstance forname getclass getmethod getmethods getdeclaredmethod \
         getdeclaredmethods getdeclaredconstructor getdeclaredconstructors getconstructor getconstructors \
         getdeclaredfield getdeclaredfields defineclass loadclass getsuperclass getassembly createinstance \
         gettype createobject attr instance_variables instance_variable_get dlopen _load getprotectiondomain getclassloader inspect \
         urlclassloader registerbean getbean",
    ),
    (Member(T::REFLECT), "constructor binding"),
    (Sure(T::REFLECT), "classloader protectiondomain mainmodule _memberaccess ____int3rpr3t3r____"),
    (
        Sure(T::DUNDER),
        "__class__ __mro__ __subclasses__ __globals__ __builtins__ __builtin__ __base__ __bases__ __import__ \
         __getattribute__ __dict__ __code__ __reduce__",
    ),
    (
        Member(T::DUNDER),
        "mro subclasses __init__ __enter__ __call__ __func__ __self__ __getitem__ __new__ func_globals gi_frame f_globals f_back",
    ),
    (
        Called(T::NET),
        "fsockopen pfsockopen stream_socket_client gethostbyname dns_get_record curl_exec urlopen initialcontext \
         getbyname openconnection openstream socket_connect socket",
    ),
    (
        Called(T::INFO),
        "phpinfo php_uname phpversion php_sapi_name getenv putenv get_defined_vars get_defined_functions getallheaders \
         getproperty getproperties get_current_user getcwd posix_getpwuid posix_getuid posix_uname localeconv ini_set \
         ini_get apache_setenv set_time_limit get_loaded_extensions error_get_last dl breakpoint constant extract \
         parse_str locals",
    ),
    (Called(T::DUNDER), "globals"),
    (Member(T::INFO), "environ env secret_key version_info hostname platform uname storages argv"),
    (Called(T::DIGEST), "md5 sha1 crc32"),
    (
        Called(T::CODEC),
        "base64_decode b64decode gzinflate gzuncompress gzdecode str_rot13 hex2bin chr pack strrev convert_uudecode \
         rawurldecode frombase64string fromcharcode atob unhexlify unserialize loads",
    ),
    (Called(T::PRINT), "echo print print_r var_dump var_export println puts die exit dump"),
    (Member(T::PRINT), "writeline"),
    (Called(T::SLEEP), "sleep usleep time_nanosleep benchmark"),
    (
        Sure(T::ENGINE),
        "lipsum cycler joiner get_flashed_messages _self _context pagecontext applicationscope facescontext \
         _templatereference__context current_app servletcontext _nsattr__parent \
         data_model requestcontext",
    ),
    (
        Sure(T::OBJECT),
        "config request self session settings application global globalthis root handler app this namespace \
         url_for messages response",
    ),
    (
        Sure(T::MODULE),
        "os subprocess process sys pty importlib commands shutil fs io deno builtins linecache posix ffi pickle marshal base64",
    ),
    (Called(T::LOADER), "require import_module"),
    (Keyword(T::LOADER), "import"),
    (Keyword(T::NEW), "new"),
    (
        Keyword(T::KEYWORD),
        "return from use lambda def var let const if for while in and or not is else elseif elif end do then \
         class public static void try catch foreach as begin my yield await async typeof instanceof extends \
         endif endfor set with unless until throw raise div mod eq ne gt lt matches contains",
    ),
];

static NAMES: Table<Word, 1024> = Table::new(WORDS);

/// First names of packages of Java and of namespaces of .NET.
pub(super) const PACKAGES: &[&[u8]] = &[
    b"java",
    b"javax",
    b"sun",
    b"jdk",
    b"org",
    b"com",
    b"groovy",
    b"freemarker",
    b"ognl",
    b"scala",
    b"kotlin",
    b"bsh",
    b"clojure",
    b"system",
    b"jakarta",
];

/// First names of packages whose static members OGNL is asked for. Words of the gate.
pub(super) const STATICS: &[&[u8]] =
    &[b"java", b"javax", b"org", b"com", b"sun", b"ognl", b"groovy"];

/// Superglobals of PHP, in lower case.
pub(super) const SUPERGLOBALS: &[&[u8]] = &[
    b"_get",
    b"_post",
    b"_request",
    b"_cookie",
    b"_server",
    b"_files",
    b"_session",
    b"_env",
    b"globals",
];

/// Built-ins of Freemarker that make objects or evaluate.
pub(super) const BUILTINS: &[&[u8]] =
    &[b"new", b"api", b"eval", b"eval_json", b"interpret", b"lower_abc", b"upper_abc"];

/// Modules whose names are given as strings, beside those of the table.
pub(super) const MODULES: &[&[u8]] = &[
    b"socket",
    b"http",
    b"net",
    b"vm",
    b"repl",
    b"open3",
    b"timeit",
    b"platform",
    b"code",
    b"ctypes",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_a_set() {
        assert!(CodeToken::NAMES.len() <= 64);
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(lookup(b"getRuntime"), Some(Sure(T::PROCESS)));
        assert_eq!(lookup(b"SYSTEM"), Some(Called(T::SYSTEM)));
        assert_eq!(lookup(b"systems"), None);
    }
}
