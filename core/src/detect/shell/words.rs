//! Names of commands, and paths they are used on. Word tables only; what they weigh is in the weight file.

use super::ShellToken::{self, *};
use crate::words::Table;

/// Commands by what they are.
const COMMANDS: &[(ShellToken, &str)] = &[
    (
        CP_UNIX,
        "ls uname whoami ifconfig netstat chmod chown chgrp mkdir rmdir rm cp mv ln pwd ps df du grep egrep fgrep \
         zgrep tac od xxd hexdump base64 base32 md5sum sha1sum sha256sum gzip gunzip zcat bzip2 unzip dd lsof lsblk \
         lscpu useradd usermod userdel adduser groupadd crontab systemctl journalctl dmesg umount iptables printenv \
         getent lsb_release whereis pkill killall pgrep uniq cksum expr printf ulimit stty nproc readlink realpath \
         mktemp mkfifo mknod chattr lsattr visudo setfacl chroot insmod modprobe mkfs fdisk openssl xxencode uuencode \
         strace ltrace gdb tr wc pr usleep nsenter kubectl sysctl hostnamectl uptime logname sqlite3 psql dpkg \
         apt-get xterm ss",
    ),
    (CP_PROBE, "id cat sleep echo ping dir hostname"),
    (
        CP_INT,
        "sh bash zsh ksh dash csh tcsh ash rbash python python2 python3 perl php ruby node nodejs lua awk gawk mawk \
         sed tclsh osascript pwsh gcc irb",
    ),
    (
        CP_NET,
        "wget curl nc ncat netcat telnet tftp ftp nslookup dig ssh scp sftp rsync socat ping6 traceroute tracert nmap \
         lynx whois tcpdump hping3",
    ),
    (
        CP_WIN,
        "ipconfig systeminfo tasklist taskkill cmd powershell certutil bitsadmin wmic regsvr32 rundll32 mshta cscript \
         wscript schtasks icacls cacls nbtstat netsh net1 vssadmin msbuild installutil findstr robocopy xcopy quser \
         qwinsta gpresult driverquery fsutil takeown wevtutil msiexec getmac csvde nltest iex gci gc iwr irm gps saps icm \
         gwmi attrib forfiles notepad mspaint diskpart bcdedit %comspec%",
    ),
    (TEST, "[ [[ test"),
    (
        CP_KW,
        "if then else elif fi for while until do done case esac ! { } exec eval env command export unset source builtin \
         @ function alias time",
    ),
    (
        CP_AMB,
        "w who find date sort head tail more less cut kill host set make at top type join split touch history man \
         last write wall watch file stat mail sync free cal groups users locale finger tee paste locate which ip arp \
         route ver vol tree copy move del erase ren start call net reg sc service passwd zip gem strings seq bc dc ed \
         ex diff cmp comm fold expand rev nl link tty timeout nice crash exit cd read java go mysql where query",
    ),
    (
        CP_ADM,
        "reboot shutdown halt poweroff mount docker podman git su tar apt yum dnf pip npm rpm apk vi vim nano unlink shuf \
         install sendmail sudo nohup xargs busybox setsid ionice stdbuf doas calc logoff rc-service",
    ),
];

static TABLE: Table<ShellToken, 1024> = Table::new(COMMANDS);

/// What a lower-case word is where a command can stand.
pub(super) fn command(word: &[u8]) -> Option<ShellToken> {
    TABLE.get(word).or_else(|| cmdlet(word))
}

/// Whether a lower-case word is a command and no English word.
pub(super) fn certain(word: &[u8]) -> bool {
    matches!(command(word), Some(CP_UNIX | CP_INT | CP_NET | CP_WIN | CP_ADM))
}

/// Whether a word, in any case, is a command that programs of other languages hand to a shell.
pub(crate) fn is_command(word: &[u8]) -> bool {
    matches!(TABLE.get(word), Some(CP_UNIX | CP_INT | CP_NET | CP_WIN | CP_PROBE))
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
            | b"alias"
            | b"export"
    )
}

/// Whether this command prints all variables if it is given nothing.
pub(super) fn prints_variables(word: &[u8]) -> bool {
    matches!(word, b"env" | b"export" | b"set")
}

/// Whether a subcommand follows this command.
pub(super) fn takes_subcommand(word: &[u8]) -> bool {
    matches!(
        word,
        b"net"
            | b"net1"
            | b"reg"
            | b"sc"
            | b"wmic"
            | b"query"
            | b"ip"
            | b"apt"
            | b"apt-get"
            | b"apk"
            | b"yum"
            | b"dnf"
            | b"pip"
            | b"npm"
            | b"git"
            | b"docker"
            | b"podman"
            | b"kubectl"
            | b"service"
    )
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
            | b"install"
            | b"update"
            | b"clone"
            | b"run"
            | b"exec"
            | b"ps"
            | b"a"
            | b"addr"
            | b"link"
            | b"route"
            | b"restart"
            | b"stop"
    )
}

/// Whether a command of Windows is one of PowerShell, which may be followed by a parenthesis.
pub(super) fn is_powershell(word: &[u8]) -> bool {
    matches!(word, b"iex" | b"iwr" | b"irm" | b"icm" | b"gci" | b"gc" | b"gps")
        || cmdlet(word).is_some()
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
    let resolved = Resolved::new(rooted);
    let rest = resolved.as_bytes();
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

/// A path from its root, without steps: `/usr//bin/./x/../id` is `usr/bin/id`. Of a long one the begin.
struct Resolved {
    bytes: [u8; 64],
    len: usize,
}

impl Resolved {
    /// O(path). Steps up beyond the begin, here and home lead to a root.
    fn new(path: &[u8]) -> Resolved {
        let mut resolved = Resolved { bytes: [0; 64], len: 0 };
        for segment in path.split(|&byte| byte == b'/') {
            match segment {
                b"" | b"." | b"~" => {}
                b".." => {
                    let parent = resolved.as_bytes().iter().rposition(|&byte| byte == b'/');
                    resolved.len = parent.unwrap_or(0);
                }
                name => {
                    if resolved.len > 0 {
                        resolved.push(b"/");
                    }
                    resolved.push(name);
                }
            }
        }
        if path.ends_with(b"/") {
            resolved.push(b"/");
        }
        resolved
    }

    fn push(&mut self, text: &[u8]) {
        for &byte in text {
            let Some(slot) = self.bytes.get_mut(self.len) else { return };
            *slot = byte;
            self.len += 1;
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

fn starts_with_any(word: &[u8], starts: &[&[u8]]) -> bool {
    starts.iter().any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_where_it_leads() {
        for program in [
            "/usr/bin/id",
            "/usr//bin//id",
            "/usr/./bin/id",
            "/usr/x/../bin/id",
            "../../bin/sh",
            "~/../bin/sh",
        ] {
            assert!(matches!(path(program.as_bytes()), Some(PathKind::Program)), "{program}");
        }
        assert!(matches!(path(b"/bin/../home/anna"), Some(PathKind::Plain)));
        assert!(matches!(path(b"//etc//passwd"), Some(PathKind::System)));
    }

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
