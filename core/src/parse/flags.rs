//! Small sets of named facts: what was odd about a part of the request.
//!
//! A parser reads on where it can and reports what real readers would not agree on; the policy decides what that means.

/// Declares a set of up to sixteen flags, each with the name that messages and `testdata/` use.
macro_rules! flags {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $flag:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq)]
        pub(crate) struct $name(u16);

        const _: () = {
            // Numbers the flags in the order they are written.
            #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "written as the constants are")]
            enum Bit { $($flag),* }

            impl $name {
                $($(#[$doc])* pub(crate) const $flag: $name = $name(1 << Bit::$flag as u8);)*

                const NAMES: &'static [&'static str] = &[$($text),*];
            }
        };

        #[allow(dead_code, reason = "not every set is asked every question")]
        impl $name {
            /// Whether nothing is odd.
            pub(crate) fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether any flag of `other` is set.
            pub(crate) fn has(self, other: $name) -> bool {
                self.0 & other.0 != 0
            }

            /// Adds the flags of `other` if `condition` holds.
            pub(crate) fn set_if(&mut self, condition: bool, other: $name) {
                if condition {
                    self.0 |= other.0;
                }
            }

            /// The flags of both.
            pub(crate) fn union(self, other: $name) -> $name {
                $name(self.0 | other.0)
            }

            /// What is set beside the flags of `other`.
            pub(crate) fn without(self, other: $name) -> $name {
                $name(self.0 & !other.0)
            }

            /// The names of the flags that are set, in the order they are declared.
            pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
                let set = self.0;
                let numbered = Self::NAMES.iter().enumerate();
                numbered.filter(move |(bit, _)| set & (1 << bit) != 0).map(|(_, name)| *name)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries(self.names()).finish()
            }
        }
    };
}
pub(crate) use flags;
