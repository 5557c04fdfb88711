//! `abatis inspect`, run as its users do.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use common::{command, folder, run, run_on, write};

const ATTACK: &str = "GET /item?id=1'+or+'1'%3D'1 HTTP/1.1\nHost: h\n\n";
const CLEAN: &str = "GET /item?id=7 HTTP/1.1\nHost: h\n\n";

/// File of examples/requests and what is to be found strongest in it; nothing in what is innocent.
const EXAMPLES: [(&str, &str); 16] = [
    ("base64-hidden", "html.injection in query /data"),
    ("benign-browse", ""),
    ("benign-forum-sql-question", ""),
    ("benign-order", ""),
    ("benign-search-odd", ""),
    ("benign-signup", ""),
    ("duplicate-keys", "protocol.json-duplicate-key in json /role"),
    ("log-lookup", "log4j.assembled in header /X-Api-Version"),
    ("path-traversal", "path.traversal in query /file"),
    ("shell-ping", "shell.injection in json /host"),
    ("sql-in-json", "sql.injection in json /user"),
    ("sql-tautology", "sql.injection in query /id"),
    ("sql-union-encoded", "sql.injection in query /id"),
    ("template", "ssti."),
    ("xss-comment", "html.injection in form /text"),
    ("xss-script-string", "script.injection in query /q"),
];

#[test]
fn examples_are_judged_as_their_names_say() {
    let done = run(&["inspect", "examples/requests"]).exits(0);
    let lines: Vec<_> = done.stdout.lines().collect();
    assert_eq!(lines.len(), EXAMPLES.len(), "{}", done.stdout);
    for (line, (name, finding)) in lines.iter().zip(EXAMPLES) {
        let action = if name.starts_with("benign-") { "allow " } else { "block " };
        assert!(line.starts_with(action), "{line}");
        assert!(line.contains(&format!("examples/requests/{name}.http")), "{line}");
        assert!(line.contains(finding), "{line}: expected {finding}");
    }
}

#[test]
fn json_has_the_file_and_the_whole_verdict() {
    let done = run(&["inspect", "--json", "examples/requests/sql-tautology.http"]).exits(0);
    let line = &done.json_lines()[0];
    assert_eq!(line["file"], "examples/requests/sql-tautology.http");
    let verdict = &line["verdict"];
    assert_eq!(verdict["schema"], 1);
    assert_eq!(verdict["action"], "block");
    assert_eq!(verdict["class"], "sqli");
    assert_eq!(verdict["coverage"], "full");
    assert_eq!(verdict["ruleset"].as_str().unwrap().len(), 16);
    assert_eq!(verdict["findings"][0]["pointer"], "/id");
    assert_eq!(verdict["findings"][0]["span"]["part"], "target");
}

#[test]
fn standard_input_and_line_ends() {
    for text in [ATTACK.to_owned(), ATTACK.replace('\n', "\r\n")] {
        let done = run_on(&["inspect", "-"], text).exits(0);
        assert!(done.stdout.starts_with("block"), "{}", done.stdout);
        assert!(done.stdout.contains("sql.injection in query /id"), "{}", done.stdout);
    }
}

#[test]
fn fail_on_sets_the_exit_code() {
    let inspect = |more: &[&str], text| run_on(&[&["inspect", "-"], more].concat(), text);
    inspect(&["--fail-on", "block"], ATTACK).exits(1);
    inspect(&["--fail-on", "block"], CLEAN).exits(0);
    inspect(&["--fail-on", "block", "--detect"], ATTACK).exits(0);
    inspect(&["--fail-on", "flag", "--detect"], ATTACK).exits(1);
    let done = inspect(&["--fail-on", "allow"], CLEAN).exits(2);
    assert!(done.stderr.contains("[possible values: flag, sanitize, block]"), "{}", done.stderr);
}

#[test]
fn folders_are_walked_in_order_without_hidden_files() {
    let folder = folder("inspect-folders");
    write(&folder, "b.http", CLEAN);
    write(&folder, "a/2.http", ATTACK);
    write(&folder, "a/10.http", CLEAN);
    write(&folder, ".git/config", "[core]");
    write(&folder, "a/.DS_Store", "\0\0");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&folder, folder.join("a/loop")).unwrap();
    let done = run(&["inspect", folder.to_str().unwrap()]).exits(0);
    let files: Vec<_> = done.stdout.lines().map(|l| l.split_whitespace().nth(2).unwrap()).collect();
    let names = ["a/10.http", "a/2.http", "b.http"];
    assert_eq!(files, names.map(|name| folder.join(name).to_str().unwrap().to_owned()));

    let empty = folder.join("empty");
    fs::create_dir(&empty).unwrap();
    let done = run(&["inspect", empty.to_str().unwrap()]).exits(2);
    assert_eq!(done.stderr, "abatis: no request texts in the folders given\n");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_judged() {
    let folder = folder("inspect-bad-input");
    let empty = write(&folder, "1-empty.http", "");
    let blank = write(&folder, "2-blank.http", "\r\n \n");
    let binary = write(&folder, "3-binary.http", [0x7f, b'E', b'L', b'F', 0, 255, 10, 1]);
    let header = write(&folder, "4-header.http", "GET / HTTP/1.1\nHost\n\n");
    let good = write(&folder, "5-good.http", ATTACK);
    let missing = folder.join("missing.http");
    let done = run(&[
        "inspect",
        missing.to_str().unwrap(),
        &empty,
        &blank,
        &binary,
        &header,
        &good,
        "--fail-on",
        "block",
    ])
    .exits(2);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
    assert!(done.stdout.contains("5-good.http"), "{}", done.stdout);
    let says = |file: &str, message: &str| {
        let line = done.stderr.lines().find(|line| line.contains(file)).expect(file);
        assert!(line.starts_with("abatis: ") && line.contains(message), "{line}");
    };
    says("missing.http", "No such file");
    says("1-empty.http", "empty; expected `METHOD target HTTP/1.1`");
    says("2-blank.http", "empty; expected");
    says("3-binary.http", "line 1: expected `METHOD target HTTP/1.1`");
    says("4-header.http", "line 2: expected `Name: value`");
}

#[test]
fn bytes_that_are_no_text_are_judged() {
    let mut text =
        b"POST /\xff?\x80=\xfe HTTP/1.1\nX-\xff: \x00\x1b[31m\nContent-Type: a/b\n\n".to_vec();
    text.extend((0..=255).cycle().take(4096).collect::<Vec<u8>>());
    let done = run_on(&["inspect", "-", "--json"], text).exits(0);
    assert_eq!(done.json_lines()[0]["verdict"]["action"], "block");
}

/// A parameter's name is chosen by whoever sends the request, and ends up on the terminal of whoever looks.
#[test]
fn names_cannot_act_on_a_terminal() {
    let text = "GET /?a%1b%5d0;x=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\n\n";
    for arguments in [&["inspect", "-"][..], &["explain", "-"]] {
        let done = run_on(arguments, text).exits(0);
        assert!(!done.stdout.contains('\x1b'), "{:?}", done.stdout);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_no_text_are_taken() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = folder("inspect-paths");
    let path = folder.join(OsStr::from_bytes(b"caf\xe9\x1b.http"));
    fs::write(&path, ATTACK).unwrap();
    let output = command(&["inspect"]).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("caf\u{fffd}·.http"));
    let output = command(&["inspect", "--json"]).arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let coloured = |arguments: &[&str]| run_on(arguments, ATTACK).exits(0).stdout.contains("\x1b[");
    assert!(!coloured(&["inspect", "-"]), "no terminal");
    assert!(coloured(&["inspect", "-", "--color", "always"]));
    assert!(coloured(&["--color", "always", "explain", "-"]));
    assert!(!coloured(&["inspect", "-", "--color", "never"]));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let paths = vec!["examples/requests"; 500];
    let mut child = command(&[&["inspect", "--json"][..], &paths].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
