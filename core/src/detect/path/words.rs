//! Names of folders and files that paths of attacks lead to. Word tables only; what they weigh is in the weight file.

use super::PathToken::{self, *};
use crate::words::Table;

/// Folders and files by what they are.
const NAMES: &[(PathToken, &str)] = &[
    (D_ETC, "etc sysconfig"),
    (D_PROC, "proc"),
    (
        D_WIN,
        "windows winnt system32 syswow64 sysprep panther inetpub inetsrv drivers repair winsxs minint programdata \
         appserv",
    ),
    (D_HIDDEN, ".git .svn .hg .bzr .ssh .aws .kube .docker .gnupg .azure secrets web-inf meta-inf"),
    (D_UNIX, "var usr opt home root srv mnt boot dev sys run bin sbin private volumes tmp"),
    (D_LOG, "log logs adm spool"),
    (
        D_SERVER,
        "apache apache2 apache24 httpd nginx lighttpd mysql postgresql tomcat xampp lampp wamp php php4 php5 php7 \
         proftpd pure-ftpd pureftpd vsftpd wu-ftpd samba cpanel exim exim4 redis sshd conf sites-available \
         sites-enabled conf.d httpsd iis grub grub2",
    ),
    (D_VAR, "mail cron crontabs backups mlocate www"),
    (D_SHARE, "c$ d$ e$ admin$ ipc$"),
    (F_PASS, "passwd shadow gshadow sudoers passwd- shadow- opasswd shadow.bak passwd.bak"),
    (
        F_SECRET,
        "boot.ini win.ini system.ini autoexec.bat config.sys ntuser.dat unattend.xml unattended.xml sysprep.inf \
         sysprep.xml metabase.xml applicationhost.config global.asa global.asax web.config machine.config web.xml \
         applicationcontext.xml faces-config.xml tomcat-users.xml manifest.mf id_rsa id_dsa id_ecdsa id_ed25519 \
         authorized_keys known_hosts .htpasswd .htaccess .env .env.local .env.production .bash_history .zsh_history \
         .mysql_history .psql_history .netrc .pgpass .my.cnf .npmrc .git-credentials .gitconfig .rhosts .xauthority \
         docker.sock master.passwd .passwd wp-config.php configuration.php localsettings.php config.inc.php \
         settings.php database.yml secrets.yml master.key kcore kmsg mlocate.db pagefile.sys hiberfil.sys \
         swapfile.sys ntds.dit",
    ),
    (
        F_SERVER,
        "httpd.conf apache2.conf nginx.conf my.cnf my.ini php.ini redis.conf server.xml context.xml",
    ),
    (
        F_CONF,
        "hosts hostname issue motd fstab mtab crontab exports inetd protocols services profile bashrc os-release \
         release rpc networks sshd_config ssh_config hosts.allow hosts.deny hosts.equiv group self environ cmdline \
         cpuinfo meminfo version mounts status stat maps partitions arp route tcp udp cwd exe config.php",
    ),
    (
        F_PROJECT,
        "package.json package-lock.json composer.json composer.lock appsettings.json settings.py dockerfile makefile \
         gemfile procfile local.settings.json tsconfig.json",
    ),
    (
        F_LOG,
        "access.log access_log error.log error_log auth.log syslog messages secure maillog mail.log mail.err \
         mail.warn lastlog wtmp utmp btmp wtmpx utmpx faillog xferlog dmesg sulog authlog debug.log boot.log mainlog \
         paniclog rejectlog",
    ),
    (F_FILTER, "filter input stdin"),
];

static TABLE: Table<PathToken, 1024> = Table::new(NAMES);

/// What a scheme says about what follows.
pub(super) enum Scheme {
    /// A host follows.
    Url,
    /// A path follows.
    File,
    /// A file wrapper of a language runtime.
    Wrapper,
    /// `php:`.
    Php,
}

/// The scheme of that lower-case name.
pub(super) fn scheme(name: &[u8]) -> Option<Scheme> {
    Some(match name {
        b"http" | b"https" | b"ftp" | b"ftps" | b"ws" | b"wss" | b"git" | b"ssh" | b"sftp"
        | b"rtsp" | b"android-app" | b"chrome-extension" => Scheme::Url,
        b"file" | b"netdoc" | b"local_file" => Scheme::File,
        b"phar" | b"zip" | b"rar" | b"glob" | b"vfs" | b"expect" | b"ogg" | b"compress.zlib"
        | b"compress.bzip2" | b"ssh2.exec" | b"ssh2.shell" | b"ssh2.sftp" | b"jar" | b"wrap"
        | b"zlib" | b"bzip2" => Scheme::Wrapper,
        b"php" => Scheme::Php,
        _ => return None,
    })
}

/// The token of a lower-case path segment.
pub(super) fn segment(name: &[u8]) -> PathToken {
    TABLE.get(name).unwrap_or_else(|| by_extension(name))
}

/// Whether a name, in any case, is that of a folder or file which is evidence beside a separator.
pub(super) fn is_anchor(name: &[u8]) -> bool {
    TABLE.get(name).is_some_and(|token| {
        !matches!(token, F_CONF | F_LOG | F_FILTER | F_PROJECT | D_VAR | D_SHARE)
    })
}

/// Whether a file name is evidence even without a path: one of [`super::judge::BARE`].
pub(super) fn bare(name: &[u8]) -> bool {
    super::judge::BARE.iter().any(|known| known.as_bytes() == name)
}

/// Whether a file name of [`bare`] can be that long: spares most words the look-up.
pub(super) fn bare_len(len: usize) -> bool {
    (4..=13).contains(&len)
}

/// Whether a lower-case name is that of a host: an address, or labels with a dot between them.
pub(super) fn is_host(name: &[u8]) -> bool {
    let last = name.rsplit(|&b| b == b'.').next().unwrap_or_default();
    last.len() < name.len()
        && last.len() >= if last.iter().all(u8::is_ascii_digit) { 1 } else { 2 }
        && name.split(|&b| b == b'.').all(|label| !label.is_empty())
        && last.iter().all(u8::is_ascii_alphanumeric)
}

fn by_extension(name: &[u8]) -> PathToken {
    let Some(dot) = name.iter().rposition(|&b| b == b'.') else {
        return if name.ends_with(b"_log") { F_LOG } else { NAME };
    };
    if name == b".well-known" {
        return NAME;
    }
    if name.starts_with(b".env.") {
        return F_SECRET;
    }
    if dot == 0 {
        return F_DOT;
    }
    match &name[dot + 1..] {
        b"conf" | b"cnf" | b"cfg" | b"ini" | b"htpasswd" | b"htaccess" | b"passwd" | b"pdb"
        | b"bak" | b"asa" | b"kdbx" | b"pem" | b"key" => F_CONF,
        b"yml" | b"yaml" | b"properties" | b"sqlite" | b"sqlite3" | b"db" | b"mdb" | b"sql" => {
            F_PROJECT
        }
        b"log" | b"access_log" | b"error_log" => F_LOG,
        b"png" | b"jpg" | b"jpeg" | b"gif" | b"svg" | b"webp" | b"ico" | b"css" | b"js"
        | b"mjs" | b"ts" | b"tsx" | b"html" | b"htm" | b"md" | b"rst" | b"txt" | b"pdf"
        | b"doc" | b"docx" | b"xls" | b"xlsx" | b"csv" | b"mp3" | b"mp4" | b"woff" | b"woff2"
        | b"ttf" | b"zip" | b"gz" | b"json" => F_MEDIA,
        _ => FILE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_by_table_and_then_by_extension() {
        for (name, token) in [
            ("etc", D_ETC),
            ("wp-config.php", F_SECRET),
            ("vsftpd.conf", F_CONF),
            ("ssl_access_log", F_LOG),
            ("a.png", F_MEDIA),
            (".profile", F_DOT),
            ("index.php", FILE),
            ("images", NAME),
        ] {
            assert_eq!(segment(name.as_bytes()), token, "{name}");
        }
    }
}
