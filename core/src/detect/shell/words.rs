//! Names of commands, and paths they are used on. Word tables only; what they weigh is in the weight file.

use super::ShellToken::{self, *};

/// What a lower-case word is where a command can stand.
pub(super) fn command(word: &[u8]) -> Option<ShellToken> {
    unix(word).or_else(|| other(word)).or_else(|| ambiguous(word)).or_else(|| cmdlet(word))
}

/// Whether a lower-case word is a command and no English word.
pub(super) fn certain(word: &[u8]) -> bool {
    unix(word).is_some()
        || matches!(other(word), Some(CP_INT | CP_NET | CP_WIN))
        || cmdlet(word).is_some()
}

/// Whether another command follows this one.
pub(super) fn takes_command(word: &[u8]) -> bool {
    matches!(
        word,
        b"if"
            | b"then"
            | b"else"
            | b"elif"
            | b"while"
            | b"until"
            | b"do"
            | b"!"
            | b"{"
            | b"time"
            | b"sudo"
            | b"nohup"
            | b"exec"
            | b"eval"
            | b"xargs"
            | b"env"
            | b"command"
            | b"busybox"
            | b"builtin"
            | b"nice"
            | b"ionice"
            | b"timeout"
            | b"stdbuf"
            | b"doas"
            | b"start"
            | b"call"
            | b"iex"
            | b"@"
            | b"setsid"
    )
}

/// Whether this command prints all variables if it is given nothing.
pub(super) fn prints_variables(word: &[u8]) -> bool {
    matches!(word, b"env" | b"export" | b"set")
}

/// Whether a subcommand follows this command.
pub(super) fn takes_subcommand(word: &[u8]) -> bool {
    matches!(word, b"net" | b"net1" | b"reg" | b"sc" | b"wmic")
}

/// Whether this is a subcommand of one of [`takes_subcommand`]: an English word, but not behind them.
pub(super) fn subcommand(word: &[u8]) -> bool {
    matches!(
        word,
        b"user"
            | b"localgroup"
            | b"group"
            | b"view"
            | b"use"
            | b"share"
            | b"accounts"
            | b"session"
            | b"query"
            | b"add"
            | b"delete"
            | b"save"
            | b"export"
            | b"create"
            | b"config"
            | b"process"
            | b"service"
            | b"os"
            | b"useraccount"
    )
}

fn unix(word: &[u8]) -> Option<ShellToken> {
    Some(match word {
        b"ls" | b"uname" | b"whoami" | b"ifconfig" | b"netstat" | b"chmod" | b"chown"
        | b"chgrp" | b"mkdir" | b"rmdir" | b"rm" | b"cp" | b"mv" | b"ln" | b"pwd" | b"ps"
        | b"df" | b"du" | b"grep" | b"egrep" | b"fgrep" | b"zgrep" | b"tac" | b"od" | b"xxd"
        | b"hexdump" | b"base64" | b"base32" | b"md5sum" | b"sha1sum" | b"sha256sum" | b"gzip"
        | b"gunzip" | b"zcat" | b"bzip2" | b"unzip" | b"dd" | b"lsof" | b"lsblk" | b"lscpu"
        | b"useradd" | b"usermod" | b"userdel" | b"adduser" | b"groupadd" | b"crontab"
        | b"systemctl" | b"journalctl" | b"dmesg" | b"umount" | b"iptables" | b"printenv"
        | b"getent" | b"lsb_release" | b"whereis" | b"pkill" | b"killall" | b"pgrep" | b"uniq"
        | b"cksum" | b"expr" | b"printf" | b"ulimit" | b"stty" | b"nproc" | b"readlink"
        | b"realpath" | b"mktemp" | b"mkfifo" | b"mknod" | b"chattr" | b"lsattr" | b"visudo"
        | b"setfacl" | b"chroot" | b"insmod" | b"modprobe" | b"mkfs" | b"fdisk" | b"openssl"
        | b"xxencode" | b"uuencode" | b"strace" | b"ltrace" | b"gdb" | b"tr" | b"wc" | b"pr"
        | b"usleep" | b"nsenter" | b"kubectl" | b"sysctl" | b"hostnamectl" | b"uptime"
        | b"logname" | b"sqlite3" | b"psql" | b"dpkg" | b"apt-get" | b"xterm" | b"ss" => CP_UNIX,
        _ => return None,
    })
}

fn other(word: &[u8]) -> Option<ShellToken> {
    Some(match word {
        b"id" | b"cat" | b"sleep" | b"echo" | b"ping" | b"dir" | b"hostname" => CP_PROBE,
        b"sh" | b"bash" | b"zsh" | b"ksh" | b"dash" | b"csh" | b"tcsh" | b"ash" | b"rbash"
        | b"python" | b"python2" | b"python3" | b"perl" | b"php" | b"ruby" | b"node"
        | b"nodejs" | b"lua" | b"awk" | b"gawk" | b"mawk" | b"sed" | b"tclsh" | b"osascript"
        | b"pwsh" | b"gcc" | b"irb" => CP_INT,
        b"wget" | b"curl" | b"nc" | b"ncat" | b"netcat" | b"telnet" | b"tftp" | b"ftp"
        | b"nslookup" | b"dig" | b"ssh" | b"scp" | b"sftp" | b"rsync" | b"socat" | b"ping6"
        | b"traceroute" | b"tracert" | b"nmap" | b"lynx" | b"whois" | b"tcpdump" | b"hping3" => {
            CP_NET
        }
        b"ipconfig" | b"systeminfo" | b"tasklist" | b"taskkill" | b"cmd" | b"powershell"
        | b"certutil" | b"bitsadmin" | b"wmic" | b"regsvr32" | b"rundll32" | b"mshta"
        | b"cscript" | b"wscript" | b"schtasks" | b"icacls" | b"cacls" | b"nbtstat" | b"netsh"
        | b"net1" | b"vssadmin" | b"msbuild" | b"installutil" | b"findstr" | b"robocopy"
        | b"xcopy" | b"quser" | b"qwinsta" | b"gpresult" | b"driverquery" | b"fsutil"
        | b"takeown" | b"wevtutil" | b"msiexec" | b"getmac" | b"csvde" | b"nltest" | b"iex" => {
            CP_WIN
        }
        b"[" | b"[[" | b"test" => TEST,
        b"if" | b"then" | b"else" | b"elif" | b"fi" | b"for" | b"while" | b"until" | b"do"
        | b"done" | b"case" | b"esac" | b"!" | b"{" | b"}" | b"sudo" | b"nohup" | b"exec"
        | b"eval" | b"xargs" | b"env" | b"command" | b"busybox" | b"export" | b"unset"
        | b"source" | b"builtin" | b"setsid" | b"@" | b"function" | b"alias" | b"time"
        | b"ionice" | b"stdbuf" | b"doas" => CP_KW,
        _ => return None,
    })
}

fn ambiguous(word: &[u8]) -> Option<ShellToken> {
    Some(match word {
        b"w" | b"who" | b"find" | b"date" | b"sort" | b"head" | b"tail" | b"more" | b"less"
        | b"cut" | b"kill" | b"host" | b"set" | b"make" | b"at" | b"top" | b"type" | b"join"
        | b"split" | b"touch" | b"history" | b"man" | b"last" | b"write" | b"wall" | b"watch"
        | b"file" | b"stat" | b"mail" | b"sendmail" | b"reboot" | b"shutdown" | b"halt"
        | b"sync" | b"free" | b"cal" | b"groups" | b"users" | b"locale" | b"finger" | b"tee"
        | b"paste" | b"locate" | b"which" | b"mount" | b"ip" | b"arp" | b"route" | b"git"
        | b"docker" | b"ver" | b"vol" | b"tree" | b"copy" | b"move" | b"del" | b"erase"
        | b"ren" | b"start" | b"call" | b"net" | b"reg" | b"sc" | b"service" | b"passwd"
        | b"su" | b"tar" | b"zip" | b"apt" | b"yum" | b"pip" | b"npm" | b"gem" | b"strings"
        | b"seq" | b"bc" | b"dc" | b"vi" | b"vim" | b"nano" | b"ed" | b"ex" | b"diff" | b"cmp"
        | b"comm" | b"fold" | b"expand" | b"rev" | b"nl" | b"shuf" | b"install" | b"link"
        | b"unlink" | b"tty" | b"timeout" | b"nice" | b"crash" | b"poweroff" | b"exit" | b"cd"
        | b"read" | b"java" | b"go" | b"mysql" | b"rpm" | b"apk" | b"where" => CP_AMB,
        _ => return None,
    })
}

/// `Get-Content`: a verb that PowerShell approves, a dash and letters.
fn cmdlet(word: &[u8]) -> Option<ShellToken> {
    let dash = word.iter().position(|&b| b == b'-')?;
    let (verb, noun) = (word.get(..dash)?, word.get(dash + 1..)?);
    let verb = matches!(
        verb,
        b"get"
            | b"set"
            | b"new"
            | b"invoke"
            | b"start"
            | b"stop"
            | b"write"
            | b"out"
            | b"select"
            | b"where"
            | b"foreach"
            | b"import"
            | b"remove"
            | b"convertto"
            | b"convertfrom"
            | b"restart"
            | b"copy"
            | b"rename"
            | b"clear"
    );
    let noun = noun.len() >= 4 && noun.iter().all(u8::is_ascii_alphabetic) && is_noun(noun);
    (verb && noun).then_some(CP_WIN)
}

fn is_noun(noun: &[u8]) -> bool {
    const NOUNS: &[&[u8]] = &[
        b"content",
        b"process",
        b"service",
        b"item",
        b"childitem",
        b"object",
        b"webrequest",
        b"restmethod",
        b"expression",
        b"command",
        b"sleep",
        b"host",
        b"output",
        b"string",
        b"file",
        b"location",
        b"acl",
        b"wmiobject",
        b"ciminstance",
        b"itemproperty",
        b"localuser",
        b"localgroup",
        b"localgroupmember",
        b"computerinfo",
        b"computer",
        b"job",
        b"date",
        b"variable",
        b"member",
        b"help",
        b"alias",
        b"module",
        b"eventlog",
        b"winevent",
        b"executionpolicy",
        b"netipaddress",
        b"netipconfiguration",
        b"hotfix",
        b"unique",
        b"null",
        b"json",
        b"csv",
        b"html",
        b"history",
        b"credential",
        b"scheduledtask",
    ];
    NOUNS.contains(&noun)
}

/// What a lower-case path is to an attack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    /// A program of the system.
    Program,
    /// Another file or folder of the system.
    System,
    /// `/dev/tcp`, `/dev/udp`.
    Socket,
    /// Starts like a path.
    Plain,
}

/// Reads a lower-case word as a path, backslashes as slashes.
pub(super) fn path(word: &[u8]) -> Option<PathKind> {
    let rooted = match word {
        [b'/', ..] | [b'.' | b'~', b'/', ..] | [b'.', b'.', b'/', ..] => word,
        [b'a'..=b'z', b':', b'/', rest @ ..] => {
            return Some(match rest {
                [] | [b'/'] => PathKind::System,
                _ if starts_with_any(rest, &[b"windows", b"winnt", b"boot.ini", b"inetpub"]) => {
                    PathKind::System
                }
                _ => PathKind::Plain,
            });
        }
        _ if starts_with_any(word, &[b"etc/", b"%systemroot%/", b"%windir%/"]) => {
            return Some(PathKind::System);
        }
        _ => return None,
    };
    // Steps up and here lead to a root; `//` is `/`.
    let mut rest = rooted;
    while let [b'/' | b'.' | b'~', tail @ ..] = rest {
        rest = tail;
    }
    Some(if starts_with_any(rest, &[b"dev/tcp/", b"dev/udp/"]) {
        PathKind::Socket
    } else if starts_with_any(
        rest,
        &[b"bin/", b"sbin/", b"usr/bin/", b"usr/sbin/", b"usr/local/bin/", b"busybox"],
    ) {
        PathKind::Program
    } else if starts_with_any(
        rest,
        &[
            b"etc/",
            b"proc/",
            b"root/",
            b"dev/",
            b"tmp/",
            b"var/",
            b"boot/",
            b"windows/",
            b"winnt/",
            b"usr/lib",
            b"opt/",
            b"srv/",
            b"sys/",
            b"ssh/",
            b"bash_history",
            b"boot.ini",
        ],
    ) || matches!(rest, b"etc" | b"tmp" | b"root" | b"var")
    {
        PathKind::System
    } else {
        PathKind::Plain
    })
}

fn starts_with_any(word: &[u8], starts: &[&[u8]]) -> bool {
    starts.iter().any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_family() {
        for (word, family) in [
            ("uname", Some(CP_UNIX)),
            ("cat", Some(CP_PROBE)),
            ("find", Some(CP_AMB)),
            ("get-content", Some(CP_WIN)),
            ("get-together", None),
            ("cheese", None),
        ] {
            assert_eq!(command(word.as_bytes()), family, "{word}");
        }
    }
}
