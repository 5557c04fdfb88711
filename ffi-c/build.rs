//! Gives the shared library its soname, which plain cargo does not.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The number counts breaks of the ABI: `ABI_VERSION` in src/lib.rs. A test compares both.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libabatis.so.0");
    }
}
