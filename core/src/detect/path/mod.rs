//! The path detector: traversal, sensitive files, file wrappers.
//!
//! A value is read as a file name the way the most lenient of its readers would: `/` and `\` both separate, a dot may be
//! percent-coded once or twice, coded by nibble, overlong or full-width. What speaks for an attack is the *way* through
//! the tree (steps up, roots, system folders) together with what it leads to; a folder or a file name alone is prose.
//!
//! ```text
//! "/static/%2e%2e/../etc/passwd"  lex   ROOT_B NAME XUP UP D_ETC F_PASS
//!                                 fold  ROOT_B NAME XUP2 D_ETC F_PASS
//! ```

#![allow(clippy::enum_glob_use, reason = "token names are written as in the weight file")]

mod fold;
mod judge;
mod lex;
mod unit;
mod words;

pub(crate) use judge::Path;

tokens! {
    /// Tokens of the path language. `_B`: at the begin of the value, `_A`: after `=` or `&`, `_M`: anywhere else.
    PathToken {
        /// A path that starts with a separator.
        ROOT_B, ROOT_A, ROOT_M,
        /// A path that starts with a name or a step.
        REL_B, REL_A, REL_M,
        /// `C:\`.
        DRIVE_B, DRIVE_M,
        /// `C:` and a name, at the begin of the value: from where the drive stands.
        DRIVE_R,
        /// `\\host\share`.
        UNC,
        /// `http://host` and kin, the host included.
        URL,
        /// `file:`.
        FILEURL,
        /// A scheme that only file functions of a language runtime know: `phar:`, `zip:`, `expect:`.
        WRAP,
        /// `php:`.
        PHP,
        /// One step up as written (folded into `UP1`..`XUP2`).
        UP,
        /// One step up in disguise (folded).
        XUP,
        /// `./` (folded).
        SELF,
        /// One, two, three or more steps up in a row.
        UP1, UP2, UP3,
        /// One or more steps up in a row, some in disguise: coded, doubled, `..;/`.
        XUP1, XUP2,
        /// Four or more `./` in a row.
        SELFS,
        /// The steps before it lead above the folder that the path begins with: `a/../../b`.
        ABOVE,
        /// The address or full name of the host that a `UNC` path leads to.
        HOST,
        /// `etc`.
        D_ETC,
        /// `proc`, `self` and what is in them.
        D_PROC,
        /// Folders of Windows itself.
        D_WIN,
        /// Folders that no server should hand out: `.git`, `.ssh`, `WEB-INF`.
        D_HIDDEN,
        /// Folders at the root of a Unix system: `var`, `usr`, `home`.
        D_UNIX,
        /// Folders of logs and spools.
        D_LOG,
        /// Folders of server software: `apache2`, `nginx`, `mysql`.
        D_SERVER,
        /// Folders of `/var` that are words elsewhere: `mail`, `cron`.
        D_VAR,
        /// Shares that Windows makes for administrators: `c$`.
        D_SHARE,
        /// Accounts and secrets of a Unix system: `passwd`, `shadow`.
        F_PASS,
        /// Files that give away by their name alone: `boot.ini`, `id_rsa`, `wp-config.php`.
        F_SECRET,
        /// Such a file as a value of its own, without a path.
        F_BARE,
        /// Configuration of a server: `httpd.conf`, `php.ini`.
        F_SERVER,
        /// Other configuration: `hosts`, `*.conf`.
        F_CONF,
        /// Files of a project that are read with it, and secret only from outside: `package.json`, `*.yml`, `*.sqlite`.
        F_PROJECT,
        /// Logs: `access.log`, `error_log`.
        F_LOG,
        /// Any other name with a leading dot.
        F_DOT,
        /// Arguments of `php:`: `filter`, `input`.
        F_FILTER,
        /// Images, styles, documents: what relative links lead to.
        F_MEDIA,
        /// Any other file name with an extension.
        FILE,
        /// Any other folder or file name.
        NAME,
        /// A NUL byte after a name.
        NUL,
        /// A percent sequence that no strict reader takes, where a separator or dot may be meant.
        JUNK,
        /// An overlong or impossible UTF-8 sequence, where a separator may be meant.
        MANGLED,
        /// Words that are no part of a path (folded to one).
        WORD,
    }
}
