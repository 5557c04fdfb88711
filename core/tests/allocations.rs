//! A warm scratch allocates nothing for clean requests.

#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use abatis::{Action, Engine, Place, Policy, Request, Scratch};

/// Counts allocations of the thread that asks.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of the second of two runs.
fn when_warm(mut run: impl FnMut()) -> usize {
    run();
    let before = COUNT.with(Cell::get);
    run();
    COUNT.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert!(when_warm(|| drop(std::hint::black_box(vec![1u8; 10]))) > 0);
}

#[test]
fn clean_requests_allocate_nothing() {
    let engine = Engine::new(&Policy::default()).unwrap();
    let mut scratch = Scratch::new();
    let requests = [
        Request::new("GET", "/search?q=oak+table+%26+chairs&page=2&tag=a&tag=b")
            .header("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0")
            .header("Cookie", "sid=8f14e45fceea167a; consent=%7B%22ads%22%3Afalse%7D; theme=light"),
        Request::new("POST", "/orders")
            .header("Content-Type", "application/json")
            .body(r#"{"name": "O\u0027Neil", "items": [{"sku": "A-1", "note": "ring twice; thanks!"}], "total": 9.5}"#),
        Request::new("POST", "/form")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("name=Anna+Schmidt&about=I+like+walks+%28long%29"),
    ];
    for request in &requests {
        let allocations = when_warm(|| {
            let verdict = engine.inspect_with(&mut scratch, request);
            assert_eq!(verdict.action, Action::Allow, "{verdict:?}");
        });
        assert_eq!(allocations, 0, "{request:?}");
    }
    let allocations = when_warm(|| {
        let verdict = engine.inspect_value(
            &mut scratch,
            Place::Query,
            b"It's 5 o'clock (ish); see <b>notes</b> & co.",
        );
        assert_eq!(verdict.action, Action::Allow, "{verdict:?}");
    });
    assert_eq!(allocations, 0);
}
