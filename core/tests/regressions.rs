//! What fuzzing found once, found again: every file of `fuzz/regressions/<target>/`.

#![cfg(feature = "internals")]
#![allow(clippy::print_stdout, reason = "which one it was that failed")]

use std::fs;
use std::path::Path;

use abatis::internals::fuzz;

#[test]
fn regressions_stay_fixed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions");
    let mut ran = 0;
    for target in fs::read_dir(&folder).unwrap() {
        let target = target.unwrap();
        let name = target.file_name().into_string().unwrap();
        for file in fs::read_dir(target.path()).unwrap() {
            let path = file.unwrap().path();
            println!("{}", path.display());
            fuzz::run(&name, &fs::read(path).unwrap());
            ran += 1;
        }
    }
    assert!(ran > 0, "nothing in {}", folder.display());
}

/// Every target runs on a sample that it takes apart, without a fuzzer.
#[test]
fn targets_run() {
    let samples: [&[u8]; 4] = [
        b"",
        b"POST /orders/7?tag=a&tag=b HTTP/1.1\nContent-Type: application/json\nCookie: a=b\n\n{\"items\":[{\"note\":\"x\"}]}",
        b"1' or '1'='1' -- %3Cscript%3Ealert(1)</script>;cat /etc/passwd|../../",
        b"\0\xff\xc0\xaf%u0027\\u003c&lt;",
    ];
    for (name, run) in fuzz::TARGETS {
        println!("{name}");
        for sample in samples {
            run(sample);
        }
    }
}
