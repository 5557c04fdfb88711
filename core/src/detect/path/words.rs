//! Names of folders and files that paths of attacks lead to. Word tables only; what they weigh is in the weight file.

use super::PathToken::{self, *};

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
        b"phar" | b"zip" | b"rar" | b"glob" | b"expect" | b"ogg" | b"compress.zlib"
        | b"compress.bzip2" | b"ssh2.exec" | b"ssh2.shell" | b"ssh2.sftp" | b"jar" | b"wrap"
        | b"zlib" | b"bzip2" => Scheme::Wrapper,
        b"php" => Scheme::Php,
        _ => return None,
    })
}

/// The token of a lower-case path segment.
pub(super) fn segment(name: &[u8]) -> PathToken {
    folder(name).or_else(|| file(name)).unwrap_or_else(|| by_extension(name))
}

/// Whether the lower-case name is one of a folder or file that [`segment`] tells apart, other than by its extension.
pub(super) fn is_known(name: &[u8]) -> bool {
    folder(name).or_else(|| file(name)).is_some()
}

/// Whether a file name is evidence even without a path: one of [`super::judge::BARE`].
pub(super) fn bare(name: &[u8]) -> bool {
    super::judge::BARE.iter().any(|known| known.as_bytes() == name)
}

/// Whether a file name of [`bare`] can be that long: spares most words the look-up.
pub(super) fn bare_len(len: usize) -> bool {
    (4..=13).contains(&len)
}

fn folder(name: &[u8]) -> Option<PathToken> {
    Some(match name {
        b"etc" | b"sysconfig" => D_ETC,
        b"proc" => D_PROC,
        b"windows" | b"winnt" | b"system32" | b"syswow64" | b"sysprep" | b"panther"
        | b"inetpub" | b"inetsrv" | b"drivers" | b"repair" | b"winsxs" | b"minint"
        | b"programdata" | b"appserv" => D_WIN,
        b".git" | b".svn" | b".hg" | b".bzr" | b".ssh" | b".aws" | b".kube" | b".docker"
        | b".gnupg" | b".azure" | b"secrets" | b"web-inf" | b"meta-inf" => D_HIDDEN,
        b"var" | b"usr" | b"opt" | b"home" | b"root" | b"srv" | b"mnt" | b"boot" | b"dev"
        | b"sys" | b"run" | b"bin" | b"sbin" | b"private" | b"volumes" | b"tmp" => D_UNIX,
        b"log" | b"logs" | b"adm" | b"spool" => D_LOG,
        b"apache" | b"apache2" | b"apache24" | b"httpd" | b"nginx" | b"lighttpd" | b"mysql"
        | b"postgresql" | b"tomcat" | b"xampp" | b"lampp" | b"wamp" | b"php" | b"php4"
        | b"php5" | b"php7" | b"proftpd" | b"pure-ftpd" | b"pureftpd" | b"vsftpd" | b"wu-ftpd"
        | b"samba" | b"cpanel" | b"exim" | b"exim4" | b"redis" | b"sshd" | b"conf"
        | b"sites-available" | b"sites-enabled" | b"conf.d" | b"httpsd" | b"iis" | b"grub"
        | b"grub2" => D_SERVER,
        _ => return None,
    })
}

fn file(name: &[u8]) -> Option<PathToken> {
    Some(match name {
        b"passwd" | b"shadow" | b"gshadow" | b"sudoers" | b"passwd-" | b"shadow-" | b"opasswd"
        | b"shadow.bak" | b"passwd.bak" => F_PASS,
        b"boot.ini"
        | b"win.ini"
        | b"system.ini"
        | b"autoexec.bat"
        | b"config.sys"
        | b"ntuser.dat"
        | b"unattend.xml"
        | b"unattended.xml"
        | b"sysprep.inf"
        | b"sysprep.xml"
        | b"metabase.xml"
        | b"applicationhost.config"
        | b"global.asa"
        | b"global.asax"
        | b"web.config"
        | b"machine.config"
        | b"web.xml"
        | b"applicationcontext.xml"
        | b"faces-config.xml"
        | b"tomcat-users.xml"
        | b"manifest.mf"
        | b"id_rsa"
        | b"id_dsa"
        | b"id_ecdsa"
        | b"id_ed25519"
        | b"authorized_keys"
        | b"known_hosts"
        | b".htpasswd"
        | b".htaccess"
        | b".env"
        | b".env.local"
        | b".env.production"
        | b".bash_history"
        | b".zsh_history"
        | b".mysql_history"
        | b".psql_history"
        | b".netrc"
        | b".pgpass"
        | b".my.cnf"
        | b".npmrc"
        | b".git-credentials"
        | b".gitconfig"
        | b".rhosts"
        | b".xauthority"
        | b"docker.sock"
        | b"master.passwd"
        | b".passwd"
        | b"wp-config.php"
        | b"configuration.php"
        | b"localsettings.php"
        | b"config.inc.php"
        | b"settings.php"
        | b"database.yml"
        | b"secrets.yml"
        | b"master.key"
        | b"kcore"
        | b"kmsg" => F_SECRET,
        b"httpd.conf" | b"apache2.conf" | b"nginx.conf" | b"my.cnf" | b"my.ini" | b"php.ini"
        | b"redis.conf" | b"server.xml" | b"context.xml" => F_SERVER,
        b"hosts" | b"hostname" | b"issue" | b"motd" | b"fstab" | b"mtab" | b"crontab"
        | b"exports" | b"inetd" | b"protocols" | b"services" | b"profile" | b"bashrc"
        | b"os-release" | b"release" | b"rpc" | b"networks" | b"sshd_config" | b"ssh_config"
        | b"hosts.allow" | b"hosts.deny" | b"hosts.equiv" | b"group" | b"self" | b"environ"
        | b"cmdline" | b"cpuinfo" | b"meminfo" | b"version" | b"mounts" | b"status" | b"stat"
        | b"maps" | b"partitions" | b"arp" | b"route" | b"tcp" | b"udp" | b"cwd" | b"exe"
        | b"config.php" => F_CONF,
        b"access.log" | b"access_log" | b"error.log" | b"error_log" | b"auth.log" | b"syslog"
        | b"messages" | b"message" | b"secure" | b"maillog" | b"mail.log" | b"mail.err"
        | b"mail.warn" | b"lastlog" | b"wtmp" | b"utmp" | b"btmp" | b"wtmpx" | b"utmpx"
        | b"faillog" | b"xferlog" | b"dmesg" | b"sulog" | b"authlog" | b"debug.log"
        | b"boot.log" | b"mainlog" | b"paniclog" | b"rejectlog" => F_LOG,
        b"filter" | b"input" | b"stdin" => F_FILTER,
        _ => return None,
    })
}

fn by_extension(name: &[u8]) -> PathToken {
    let Some(dot) = name.iter().rposition(|&b| b == b'.') else {
        return if name.ends_with(b"_log") { F_LOG } else { NAME };
    };
    if name == b".well-known" {
        return NAME;
    }
    if dot == 0 {
        return F_DOT;
    }
    match &name[dot + 1..] {
        b"conf" | b"cnf" | b"cfg" | b"ini" | b"htpasswd" | b"htaccess" | b"passwd" | b"pdb"
        | b"bak" | b"asa" | b"kdbx" | b"pem" | b"key" => F_CONF,
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
