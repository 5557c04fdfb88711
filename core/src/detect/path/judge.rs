//! The path [`Language`].

use super::PathToken::*;
use super::{PathToken, lex};
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

/// Paths: traversal, sensitive files, file wrappers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path;

/// File names that are evidence without a path. Part of the gate.
pub(super) const BARE: &[&str] = &[
    ".env",
    ".htaccess",
    ".htpasswd",
    ".passwd",
    ".bash_history",
    ".rhosts",
    "boot.ini",
    "win.ini",
    "wp-config.php",
    "web.config",
];

/// [`BARE`], and separators and dots written without any special byte.
const WORDS: &[&str] = &[
    ".env",
    ".htaccess",
    ".htpasswd",
    ".passwd",
    ".bash_history",
    ".rhosts",
    "boot.ini",
    "win.ini",
    "wp-config.php",
    "web.config",
    "..2f",
    "..5c",
    "0x2e",
    "0x2f",
    "0x5c",
];

/// Evidence by itself.
const ODD: u64 = DRIVE_B.bit()
    | DRIVE_M.bit()
    | UNC.bit()
    | FILEURL.bit()
    | WRAP.bit()
    | PHP.bit()
    | JUNK.bit()
    | NUL.bit()
    | F_BARE.bit();

impl Language for Path {
    const NAME: &'static str = "path";
    const TOKENS: &'static [&'static str] = PathToken::NAMES;
    const CONTEXTS: &'static [&'static str] = &["path"];
    const GATE: Gate = Gate {
        classes: Classes::SLASH.or(Classes::BACKSLASH).or(Classes::PERCENT).or(Classes::CONTROL),
        words: WORDS,
    };
    // The first of these take a separator (`/`, `\`, percent-coded, `0x2f`, `..2f`), a percent sequence, a NUL byte or a bare
    // file. Unknown names are no evidence, however they are joined: the second take a step, a name that is known, a scheme, a
    // drive, or what no strict reader takes.
    const ANCHORS: &'static [u64] = &[
        ROOT_B.bit()
            | ROOT_A.bit()
            | ROOT_M.bit()
            | REL_B.bit()
            | REL_A.bit()
            | REL_M.bit()
            | DRIVE_R.bit()
            | URL.bit()
            | ODD,
        UP1.bit()
            | UP2.bit()
            | UP3.bit()
            | XUP1.bit()
            | XUP2.bit()
            | SELFS.bit()
            | D_ETC.bit()
            | D_PROC.bit()
            | D_WIN.bit()
            | D_HIDDEN.bit()
            | D_UNIX.bit()
            | D_LOG.bit()
            | D_SERVER.bit()
            | F_PASS.bit()
            | F_SECRET.bit()
            | F_SERVER.bit()
            | F_DOT.bit()
            | ODD,
    ];

    // PERF: user agents, URLs and cookies are full of slashes and percent sequences between names that say nothing.
    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        classes.intersects(Classes::BACKSLASH.or(Classes::CONTROL).or(Classes::HIGH))
            || lex::may_lead_somewhere(view)
    }

    fn applies(self, _context: u8, _view: &[u8], _classes: Classes) -> bool {
        true
    }

    fn lex<S: Sink>(self, _context: u8, view: &[u8], sink: &mut S) -> bool {
        lex::lex(view, sink);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::cases;
    use crate::detect::segment::Recorder;

    #[test]
    fn cases_hold() {
        cases::hold(Path);
    }

    #[test]
    fn the_gate_is_a_law() {
        let pieces: &[&[u8]] = &[
            b"a",
            b"etc",
            b" ",
            b".",
            b"..",
            b":",
            b"=",
            b"2f",
            b"5c",
            b"0x",
            b"2e",
            b"passwd",
            b"win.ini",
            b".ht",
            b"access",
            b"\xc0",
            b"\xae",
            b"\xaf",
            b"\xf0\x80\x80",
            b"\xe0\x80\xaf",
            b"file",
            b"c",
            b";",
            b"?",
            b"/",
            b"/",
            b"%2f",
            b"%2e",
            b"%3a",
            b"%3b",
            b"%20",
            b"%40",
            b"http://",
            b"host",
            b"..",
            b"var",
            b"c$",
            b"a..",
        ];
        cases::gate_is_a_law(Path, pieces);
    }

    #[test]
    fn bare_names_open_the_gate() {
        for name in BARE {
            assert!(WORDS.contains(name), "{name}");
            assert_eq!(cases::tokens(Path, 0, name.as_bytes()), "REL_B F_BARE");
        }
    }

    #[test]
    fn steps_are_counted_whatever_their_writing() {
        for (text, expected) in [
            (&b"../../../etc/passwd"[..], "REL_B UP3 D_ETC F_PASS"),
            (b"a/./../b", "REL_B NAME UP1 NAME"),
            (b"..%2f..\\%2e%2e/etc", "REL_B XUP2 D_ETC"),
            (b"/..;/..;/x", "ROOT_B XUP2 NAME"),
            (b"....//....//x", "REL_B XUP2 NAME"),
            (b"..2f..2fx", "REL_B XUP2 NAME"),
            (b"/\xc0\xae\xc0\xae/x", "ROOT_B XUP1 NAME"),
            (b"../..etc/passwd", "REL_B XUP2 D_ETC F_PASS"),
            (b"a../b", "REL_B NAME XUP1 NAME"),
            (b"a/b/../../c", "REL_B NAME NAME UP2 NAME"),
            (b"a/b/../../../c", "REL_B NAME NAME UP3 ABOVE NAME"),
            (b"a/..%2f../c", "REL_B NAME XUP2 ABOVE NAME"),
        ] {
            assert_eq!(cases::tokens(Path, 0, text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn hosts_shares_and_drives() {
        for (text, expected) in [
            (&br"\\10.0.0.1\share\x"[..], "UNC HOST NAME NAME"),
            (br"\\files\share\x", "UNC NAME NAME NAME"),
            (b"//files/c$/x", "ROOT_B NAME D_SHARE NAME"),
            (b"/price/5$ each", "ROOT_M NAME NAME WORD"),
            (b"c:windows/x", "WORD DRIVE_R D_WIN NAME"),
        ] {
            assert_eq!(cases::tokens(Path, 0, text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn prose_about_a_path_is_no_path_at_the_begin() {
        assert_eq!(cases::tokens(Path, 0, b"/etc/passwd"), "ROOT_B D_ETC F_PASS");
        assert_eq!(cases::tokens(Path, 0, b" /etc/passwd\n"), "ROOT_B D_ETC F_PASS");
        assert_eq!(cases::tokens(Path, 0, b"/etc/passwd is a file"), "ROOT_M D_ETC F_PASS WORD");
        assert_eq!(cases::tokens(Path, 0, b"/etc/passwd\0 is cut"), "ROOT_B D_ETC F_PASS NUL WORD");
        assert_eq!(
            cases::tokens(Path, 0, b"see .../x and 1..2, https://a.b/c"),
            "WORD REL_M NAME NAME WORD URL NAME"
        );
    }

    #[test]
    fn ranges_are_those_of_the_value() {
        let mut recorder = Recorder::default();
        Path.lex(0, b"ab ../../etc", &mut recorder);
        let ranges: Vec<_> = recorder.tokens.into_iter().map(|(_, range)| range).collect();
        assert_eq!(ranges, [0..3, 3..6, 3..8, 9..12]);
    }
}
