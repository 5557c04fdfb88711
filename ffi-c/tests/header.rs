//! The committed header is what cbindgen makes of the sources. `cargo xtask header` writes it.

use std::fs;
use std::path::Path;

#[test]
fn header_is_that_of_the_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::generate_with_config(folder, config).expect("bindings");
    let mut made = Vec::new();
    bindings.write(&mut made);
    let path = folder.join("include/abatis.h");
    if std::env::var_os("ABATIS_WRITE_HEADER").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read(&path).unwrap_or_default();
    assert!(made == committed, "include/abatis.h differs; run `cargo xtask header`");
}
