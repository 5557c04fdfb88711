//! Tokens, and the schemes, names and ports that mean something to a server.

use crate::words::Table;

tokens! {
    /// What the lexer says of a URL that leads elsewhere than to the public web.
    UrlToken {
        // Where it stands.
        /// The value is the URL and nothing else.
        WHOLE,
        /// The value begins with it.
        BEGIN,
        /// It stands inside of a URL with which the value begins.
        NESTED,
        /// It stands in text.
        TEXT,
        /// The value is a host, with a port or path, and no scheme.
        BARE,
        // Its scheme.
        /// `http`, `https`, or that of the page.
        WEB,
        /// Directories, files, mail, remote objects: `ldap`, `smb`, `rmi`.
        SERVICE,
        /// What only libraries of a server follow: `gopher`, `dict`, `php`, `jar`.
        WRAPPER,
        /// `file`.
        LOCAL,
        /// Any other.
        OTHER,
        // How its authority is written.
        /// Slashes that are missing, too many, or backslashes.
        SLASHES,
        /// Line ends or tabs inside, which clients leave out.
        BROKEN,
        /// A user that looks like a host.
        DECOY,
        /// Readers disagree about the host.
        CONFUSED,
        /// Letters, digits or dots of the host are percent-coded.
        CODED,
        /// Characters of the host that name resolution turns into ASCII.
        FOLDED,
        // Its host.
        LOOPBACK,
        PRIVATE,
        LINK,
        METADATA,
        /// A name of the inside: `*.internal`, `*.svc.cluster.local`.
        INTERNAL,
        /// A name that a public name service answers with an address of the inside.
        WILDCARD,
        /// A name of one label.
        SINGLE,
        /// A host of the public net, where something else is odd.
        PUBLIC,
        // How an address is written.
        /// As numbers that are not four in decimal.
        ODD,
        /// Inside of an IPv6 address.
        EMBEDDED,
        // The rest.
        PORT,
        /// The port of a service that is not for the public.
        SERVICE_PORT,
        /// A path behind a bare host.
        PATH,
        /// A file or folder of the system.
        SYSTEM,
    }
}

/// What a scheme is to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Web,
    Service,
    Wrapper,
    Local,
    /// Stands before another URL and says nothing of its own.
    Prefix,
    /// Stands before another URL, and says how it is unpacked.
    Archive,
    Other,
}

impl Scheme {
    pub(super) fn token(self) -> UrlToken {
        match self {
            Scheme::Web => UrlToken::WEB,
            Scheme::Service => UrlToken::SERVICE,
            Scheme::Wrapper | Scheme::Archive => UrlToken::WRAPPER,
            Scheme::Local => UrlToken::LOCAL,
            Scheme::Prefix | Scheme::Other => UrlToken::OTHER,
        }
    }
}

/// Looks a scheme up; any letter case. O(1).
pub(super) fn scheme(name: &[u8]) -> Scheme {
    SCHEMES.get(name).unwrap_or(Scheme::Other)
}

static SCHEMES: Table<Scheme, 128> = Table::new(&[
    (Scheme::Web, "http https ws wss ftp ftps"),
    (
        Scheme::Service,
        "ldap ldaps ldapi sftp rmi iiop corbaloc corbaname nis smb imap imaps pop3 pop3s smtp smtps telnet",
    ),
    (
        Scheme::Wrapper,
        "gopher gophers dict netdoc local_file unix http+unix php phar expect glob zlib compress.zlib \
         compress.bzip2 ogg rar ssh2.exec ssh2.shell ssh2.sftp tftp",
    ),
    (Scheme::Local, "file"),
    (Scheme::Prefix, "url feed"),
    (Scheme::Archive, "jar view-source"),
]);

/// Whether a port, as digits, is that of a service which is not for the public. O(1).
pub(super) fn is_service_port(port: &[u8]) -> bool {
    PORTS.get(port).is_some()
}

static PORTS: Table<(), 128> = Table::new(&[(
    (),
    "22 23 25 53 110 111 135 139 143 389 445 465 587 636 873 1099 1433 1521 2049 2181 2375 2376 2379 2380 3306 3389 \
     4444 5000 5432 5601 5672 5984 5985 6379 6443 7001 8001 8009 8086 8200 8300 8500 9000 9042 9090 9092 9093 \
     9100 9200 9300 10250 10255 11211 15672 27017 50000 50070",
)]);

/// Names of this machine.
pub(super) const LOOPBACK: &[&[u8]] =
    &[b"localhost", b"localhost6", b"localdomain", b"ip6-localhost", b"ip6-loopback", b"loopback"];

/// Names of services that tell a machine of a cloud who it is.
pub(super) const METADATA: &[&[u8]] = &[
    b"metadata",
    b"metadata.google.internal",
    b"metadata.goog",
    b"metadata.google",
    b"metadata.tencentyun.com",
    b"metadata.platformequinix.com",
    b"metadata.packet.net",
    b"metadata.nic.cz",
    b"metadata.azure.internal",
    b"instance-data",
    b"instance-data.ec2.internal",
    b"rancher-metadata",
    b"kubernetes",
    b"kubernetes.default",
    b"kubernetes.default.svc",
    b"kubernetes.default.svc.cluster.local",
];

/// Last labels that no public name has.
pub(super) const INTERNAL: &[&[u8]] = &[
    b"internal",
    b"intranet",
    b"intra",
    b"local",
    b"localdomain",
    b"lan",
    b"corp",
    b"private",
    b"home.arpa",
    b"consul",
    b"svc",
];

/// Domains whose name servers answer with this machine.
pub(super) const SELF_NAMED: &[&[u8]] =
    &[b"localtest.me", b"lvh.me", b"vcap.me", b"local.gd", b"localh.st", b"lvh.sh"];

/// Whether a last label is none of those that names of the inside, or of the services above and below, end in. O(1).
pub(super) fn is_ordinary_label(label: &[u8]) -> bool {
    LABELS.get(label).is_none()
}

static LABELS: Table<(), 64> = Table::new(&[(
    (),
    "localhost localhost6 ip6-localhost ip6-loopback localdomain loopback internal intranet intra local lan corp private arpa consul svc me gd st sh io name \
     us ms goog google cz default",
)]);

/// Domains whose name servers answer with the address that the name holds.
pub(super) const ADDRESS_NAMED: &[&[u8]] =
    &[b"nip.io", b"sslip.io", b"xip.io", b"xip.name", b"traefik.me", b"1u.ms", b"rbndr.us"];

/// First folders of systems, and devices.
pub(super) fn is_system(folder: &[u8]) -> bool {
    FOLDERS.get(folder).is_some()
}

static FOLDERS: Table<(), 64> = Table::new(&[(
    (),
    "etc proc var root home usr tmp dev sys opt boot windows winnt inetpub app srv mnt run bin lib users",
)]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_a_set() {
        assert!(UrlToken::NAMES.len() <= 64);
    }

    /// A last label that no table of labels holds is looked up no further.
    #[test]
    fn what_leads_inside_ends_in_no_ordinary_label() {
        let domains = [LOOPBACK, INTERNAL, SELF_NAMED, ADDRESS_NAMED].concat();
        for domain in domains {
            let label = domain.rsplit(|&byte| byte == b'.').next().unwrap();
            assert!(!is_ordinary_label(label), "{}", domain.escape_ascii());
        }
        assert!(METADATA.iter().all(|name| b"mikr".contains(&name[0])));
    }

    #[test]
    fn schemes_are_found_in_any_case() {
        assert_eq!(scheme(b"GOPHER"), Scheme::Wrapper);
        assert_eq!(scheme(b"Https"), Scheme::Web);
        assert_eq!(scheme(b"httpx"), Scheme::Other);
    }
}
