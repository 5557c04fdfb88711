//! The strings of a MessagePack or CBOR body: keys are names, texts and bytes are values, as those of JSON are.

use crate::ambiguity::Ambiguity;
use crate::classes::Classes;
use crate::decode::{Coding, Transform};
use crate::inspect::{At, Field, Origin, Run};
use crate::parse::packed::{self, PackedString, Packing};
use crate::span::{Part, Place, Span};
use crate::trail::Trail;
use crate::verdict::Limit;

/// Inspects a body; whether it is one document through and through. What is broken is told.
pub(crate) fn inspect(run: &mut Run<'_>, body: &[u8], packing: Packing) -> bool {
    let depth = run.plan.limits.depth;
    let end = packed::read(body, packing, depth, |string, pointer| {
        let trail = &Trail::Pointer { parent: &Trail::Root, pointer };
        self::string(run, body, string, trail);
    });
    if end.too_deep {
        run.case.partial(run.plan, Limit::Depth);
    }
    if !end.problems.is_empty() {
        let names: Vec<_> = end.problems.names().collect();
        let message = format!("{}: {}", Ambiguity::PackedMalformed.message(), names.join(", "));
        let span = Span::new(Part::Body, end.len..body.len());
        let at = At { place: Place::Body, name: false, trail: &Trail::Root, span };
        run.ambiguity_told(Ambiguity::PackedMalformed, at, &message);
    }
    end.problems.is_empty() && !end.too_deep
}

fn string(run: &mut Run<'_>, body: &[u8], string: PackedString<'_>, trail: &Trail<'_>) {
    // Any byte is ordinary in what is not said to be text.
    let coding = if string.is_text { Coding::None } else { Coding::File };
    let mut field = |raw: &[u8], origin: &Origin<'_>| {
        if !raw.is_empty() {
            let (classes, place, name, clean) =
                (Classes::of(raw), Place::Body, string.is_key, false);
            run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
        }
    };
    let at = |offset| Origin::Part { part: Part::Body, index: 0, offset };
    let cut = |range: &std::ops::Range<usize>| body.get(range.clone()).unwrap_or_default();
    if let [range] = string.pieces {
        field(cut(range), &at(range.start));
        return;
    }
    let mut view = crate::decode::view::View::default();
    for range in string.pieces {
        view.replace(range.start.saturating_sub(view.source_of_end()), b"");
        view.copy(cut(range));
    }
    let body = &at(0);
    field(view.bytes(), &Origin::View { view: &view, transform: Transform::Join, origin: body });
}
