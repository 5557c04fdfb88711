//! Bytes to shell tokens. One pass, no allocation; every look-ahead is bounded or remembered ([`Quotes`]).

use std::ops::Range;

use super::ShellToken::{self, *};
use super::fold::Fold;
use super::judge::COMMAND;
use super::shape::{
    default_substitution, definition, ends_command, entity, fits_case, is_blank, is_host,
    is_identifier, is_option, is_slice, is_solo, is_target, plain_argument, program,
};

use super::wildcard;
use super::word::{self, Quotes, Stops, Word};
use super::words::{self, PathKind};
use crate::classes::Classes;
use crate::detect::segment::Sink;

/// Where in a command line the lexer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Among words of no command: only metacharacters matter.
    Outside,
    /// Where a command can stand.
    Command,
    /// After a command.
    Arguments,
    /// After `x=`.
    Assigned,
    /// After `>` among words of no command.
    Target,
}

/// What a command makes of a plain word behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Governs {
    /// A word.
    Nothing,
    /// A host, if it looks like one.
    Host,
    /// A subcommand, if it is one.
    Subcommand,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a mode of its own")]
struct Lexer<'v, 's, S> {
    view: &'v [u8],
    out: Fold<'s, S>,
    position: Position,
    quotes: Quotes,
    /// No token was told yet.
    silent: bool,
    /// Where the value begins, behind blanks.
    start: usize,
    /// The next word is the first of a whole command.
    begins: bool,
    /// What the last command makes of a plain word behind it.
    governs: Governs,
    /// The last command takes another, and options of its own before that.
    wraps: bool,
    /// Open `$(`, `<(`.
    substitutions: u32,
    /// Inside of backticks.
    ticked: bool,
    /// Inside of a brace list.
    braced: bool,
    /// `+` stands for a blank: the value was not decoded as a form.
    plus: bool,
    /// Between `case` and `esac`, where `)` ends a pattern.
    in_case: bool,
}

/// Lexes the view from its begin; false if it is no command, where one is asked for. O(len).
pub(super) fn lex<S: Sink>(context: u8, view: &[u8], sink: &mut S) -> bool {
    let mut lexer = Lexer {
        view,
        out: Fold::new(sink),
        position: Position::Outside,
        quotes: Quotes::default(),
        silent: true,
        start: view.iter().take_while(|b| b.is_ascii_whitespace()).count(),
        begins: false,
        governs: Governs::Nothing,
        wraps: false,
        substitutions: 0,
        ticked: false,
        braced: false,
        plus: false,
        in_case: false,
    };
    let mut at = 0;
    if context == COMMAND {
        match lexer.whole_command() {
            Some(next) => at = next,
            None => return false,
        }
    }
    while at < view.len() {
        at = match lexer.position {
            Position::Outside => lexer.pass_over(at),
            _ => lexer.take(at),
        };
    }
    if lexer.position != Position::Outside {
        lexer.tell(END, view.len()..view.len());
    }
    true
}

/// Bytes that matter outside of commands.
static META: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b";|&`$\n\r<>";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

impl<S: Sink> Lexer<'_, '_, S> {
    fn byte(&self, at: usize) -> u8 {
        self.view.get(at).copied().unwrap_or(0)
    }

    /// Starts a whole command; `None` if the first word is no command.
    fn whole_command(&mut self) -> Option<usize> {
        let start = self.start;
        self.position = Position::Command;
        self.silent = false;
        self.out.push(B_CMD, start..start);
        self.begins = true;
        let next = self.take(start);
        // A word that is no command sends the lexer outside.
        (self.position != Position::Outside).then_some(next)
    }

    /// Skips what is no command to the next metacharacter that counts, and takes that.
    fn pass_over(&mut self, at: usize) -> usize {
        let rest = self.view.get(at..).unwrap_or_default();
        let Some(skipped) = rest.iter().position(|&b| META[b as usize]) else {
            return self.view.len();
        };
        let at = at + skipped;
        match (self.byte(at), self.byte(at + 1)) {
            (b'$' | b'<' | b'>', b'(') => self.open(at),
            (b'$', b'{') => {
                let len = default_substitution(self.view.get(at..).unwrap_or_default());
                if len > 0 {
                    self.tell(EXPAND, at..at + len);
                }
                at + len.max(1)
            }
            (b'$' | b'<', _) => at + 1,
            (b'>', _) => self.output(at),
            (b'`', _) => self.tick(at),
            _ => self.separator(at),
        }
    }

    /// Tells a token; before the first, what the value starts with.
    fn tell(&mut self, token: ShellToken, range: Range<usize>) {
        if self.silent {
            self.silent = false;
            let before = self.view.get(..range.start).unwrap_or_default().trim_ascii();
            let start = match before {
                [] => B_START,
                [.., b'\'' | b'"' | b')'] => B_QUOTE,
                _ if memchr::memchr2(b' ', b'\n', before).is_some() => B_TEXT,
                _ if is_target(before) => B_ARG,
                _ => B_WORD,
            };
            self.out.push(start, range.start..range.start);
        }
        self.out.push(token, range);
    }

    /// Takes what stands at `at` in or after a command.
    fn take(&mut self, at: usize) -> usize {
        match (self.byte(at), self.byte(at + 1)) {
            (b' ' | b'\t', _) => at + 1,
            (b'+', _) if self.plus => at + 1,
            (b';' | b'|' | b'&' | b'\n' | b'\r', _) => self.separator(at),
            (b'`', _) => self.tick(at),
            (b'$' | b'<' | b'>', b'(') => self.open(at),
            (b'>', _) => self.output(at),
            (b'<', _) => self.input(at),
            (b'(', _) => {
                self.tell(LP, at..at + 1);
                if self.position != Position::Arguments || self.blank_before(at) {
                    self.position = Position::Command;
                }
                at + 1
            }
            (b')', _) => {
                let token = if self.substitutions > 0 { SUB_C } else { RP };
                self.substitutions = self.substitutions.saturating_sub(1);
                self.tell(token, at..at + 1);
                let arm = self.in_case && token == RP;
                self.position = if arm { Position::Command } else { Position::Arguments };
                at + 1
            }
            (b',' | b'}', _) if self.braced => {
                self.braced = self.byte(at) == b',';
                at + 1
            }
            // For each, and where, in PowerShell.
            (b'%' | b'?', b'{') if self.position == Position::Command => {
                self.tell(CP_KW, at..at + 2);
                self.braced = true;
                at + 2
            }
            (b'[', _) if self.position == Position::Command && self.net_type(at) > 0 => {
                let end = at + self.net_type(at);
                self.tell(CP_WIN, at..end);
                self.position = Position::Arguments;
                end
            }
            // `{{` opens a placeholder of a template.
            (b'{', next)
                if self.position == Position::Command
                    && next.is_ascii_graphic()
                    && next != b'{' =>
            {
                self.tell(BRACE, at..at + 1);
                self.braced = true;
                at + 1
            }
            (b'#', _) if self.position != Position::Assigned => {
                self.tell(COMMENT, at..at + 1);
                let rest = self.view.get(at..).unwrap_or_default();
                self.position = Position::Outside;
                memchr::memchr2(b'\n', b'\r', rest).map_or(self.view.len(), |line| at + line)
            }
            _ => self.word(at),
        }
    }

    /// The length of `[Name.Of.Type]::`, 0 if none stands at `at`. O(1).
    fn net_type(&self, at: usize) -> usize {
        let rest = self.view.get(at + 1..).unwrap_or_default();
        let name = rest.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'.');
        let len = name.count();
        let ends = rest.get(len..).is_some_and(|rest| rest.starts_with(b"]::"));
        if len > 0 && ends { len + 4 } else { 0 }
    }

    fn blank_before(&self, at: usize) -> bool {
        at == 0 || matches!(self.byte(at - 1), b' ' | b'\t' | b'(' | b';' | b'|' | b'&')
    }

    fn separator(&mut self, at: usize) -> usize {
        let (token, len) = match (self.byte(at), self.byte(at + 1)) {
            (b'\n' | b'\r', _) => (NL, 1),
            (b'|', b'|') | (b'&', b'&') => (SEP, 2),
            (b'&', b'>') => (R_OUT, 2),
            (b'&', next) => {
                if let Some(entity) = entity(self.view, at) {
                    return at + entity;
                }
                (if is_blank(next) { AMP_S } else { AMP }, 1)
            }
            (_, next) => (if is_blank(next) { SEP_S } else { SEP }, 1),
        };
        self.tell(token, at..at + len);
        self.braced = false;
        self.plus |= self.byte(at + len) == b'+';
        self.position = if token == R_OUT { Position::Target } else { Position::Command };
        at + len
    }

    /// `$(`, `<(`, `>(`.
    fn open(&mut self, at: usize) -> usize {
        let dollar = self.byte(at) == b'$';
        if dollar && self.byte(at + 2) == b'(' {
            self.tell(EXPAND, at..at + 3);
            self.substitutions = self.substitutions.saturating_add(2);
            self.position = Position::Arguments;
            return at + 3;
        }
        self.tell(if dollar { SUB_O } else { PROC }, at..at + 2);
        self.substitutions = self.substitutions.saturating_add(1);
        self.position = Position::Command;
        at + 2
    }

    fn tick(&mut self, at: usize) -> usize {
        self.ticked = !self.ticked;
        let token = if !self.ticked {
            TICK_C
        } else if self.is_glued(at) || self.is_whole(at) {
            TICK_T
        } else {
            TICK_O
        };
        self.tell(token, at..at + 1);
        self.position = if self.ticked { Position::Command } else { Position::Arguments };
        at + 1
    }

    /// Whether what stands before `at` runs into it: a letter, or the sign of an address behind one.
    fn is_glued(&self, at: usize) -> bool {
        match self.view.get(..at).unwrap_or_default() {
            [.., b'='] => true,
            [.., word, b'@' | b'/' | b'-' | b'_' | b'.'] | [.., word] => {
                word.is_ascii_alphanumeric()
            }
            [] => false,
        }
    }

    /// Whether the substitution that opens at `at` is all of the value, or begins the one word that it is. O(len) where the value
    /// begins, else O(1).
    fn is_whole(&self, at: usize) -> bool {
        if at != self.start {
            return false;
        }
        let inner = self.view.get(at + 1..).unwrap_or_default().trim_ascii_end();
        memchr::memchr(b'`', inner).is_some_and(|close| match inner.get(close + 1..) {
            None | Some([]) => true,
            Some(
                [b'.' | b'@' | b'-' | b'_' | b'/', b'0'..=b'9' | b'a'..=b'z', rest @ ..]
                | [b'0'..=b'9' | b'a'..=b'z', rest @ ..],
            ) => memchr::memchr3(b' ', b'\n', b'`', rest).is_none(),
            Some(_) => false,
        })
    }

    /// `>`, `>>`, `>&`; not the tip of an arrow, not "at least".
    fn output(&mut self, at: usize) -> usize {
        let before = if at > 0 { self.byte(at - 1) } else { 0 };
        let mut end = at + 1;
        while matches!(self.byte(end), b'>' | b'&' | b'|') && end < at + 3 {
            end += 1;
        }
        if matches!(before, b'-' | b'=' | b'<' | b'/') || self.byte(end) == b'=' {
            return end;
        }
        if self.position == Position::Outside {
            let rest = self.view.get(end..).unwrap_or_default();
            let blanks = rest.iter().take_while(|b| is_blank(**b)).take(4).count();
            if !matches!(self.byte(end + blanks), b'/' | b'.' | b'~') {
                return end;
            }
            self.position = Position::Target;
        }
        let twin = self.byte(end - 1) == b'&' && self.byte(end).is_ascii_digit();
        self.tell(if twin { R_DUP } else { R_OUT }, at..end);
        if self.position == Position::Command {
            self.position = Position::Arguments;
        }
        end
    }

    fn input(&mut self, at: usize) -> usize {
        let run = self.view.iter().skip(at).take(3).take_while(|&&b| b == b'<').count();
        if run > 1 || !matches!(self.byte(at + 1), b'=' | b'>' | b'-') {
            self.tell(if run > 1 { HERE } else { R_IN }, at..at + run);
            if self.position == Position::Command {
                self.position = Position::Arguments;
            }
        }
        at + run.max(1)
    }

    fn word(&mut self, at: usize) -> usize {
        let stops = Stops {
            equals: self.position == Position::Command,
            brace: self.braced,
            plus: self.plus,
            escape: self.position == Position::Command && !self.ticked,
        };
        let mut word = Word::new();
        let mut end = word::read(self.view, at, &mut self.quotes, stops, &mut word);
        if self.position == Position::Command {
            if !self.plus && is_known_to_plus(word.as_bytes()) {
                self.plus = true;
                let stops = Stops { plus: true, ..stops };
                end = word::read(self.view, at, &mut self.quotes, stops, &mut word);
            }
            let definition = definition(self.view.get(end..).unwrap_or_default());
            if definition > 0 && end > at {
                self.tell(CP_KW, at..end + definition);
                return end + definition;
            }
        }
        // A metacharacter that the caller did not take would not move.
        let end = end.max(at + 1);
        let range = at..end;
        match self.position {
            Position::Command => self.command(&word, range),
            Position::Assigned => {
                if word.expand {
                    self.tell(EXPAND, range);
                }
                self.position = Position::Command;
            }
            Position::Target => {
                self.argument(&word, range);
                self.position = Position::Outside;
            }
            Position::Arguments | Position::Outside => self.argument(&word, range),
        }
        if word.ifs {
            self.tell(IFS, end..end);
        }
        end
    }

    fn command(&mut self, word: &Word, range: Range<usize>) {
        let name = word.as_bytes();
        self.position = Position::Arguments;
        if word.expand {
            self.tell(EXPAND, range.clone());
        }
        if word.is_empty() {
            // `$x=` assigns, in PowerShell and PHP, and names a parameter of an old cookie.
            if word.var && self.byte(range.end) == b'=' {
                self.position = Position::Outside;
            } else if word.var {
                let name = self.view.get(range.clone()).unwrap_or_default();
                let shell = matches!(name, b"$SHELL" | b"${SHELL}" | b"$BASH" | b"${BASH}");
                self.tell(if shell { CP_INT } else { CP_VAR }, range);
            } else if word.ifs || word.quoted {
                self.position = Position::Command;
            }
            return;
        }
        if self.byte(range.end) == b'=' && is_identifier(name) && !word.split {
            // The sign is passed over with the value.
            self.tell(CP_ASSIGN, range);
            self.position = Position::Assigned;
            return;
        }
        if word.text {
            // `for /f %i in ('cmd /c …')`; else no command is quoted with its arguments.
            self.argument(word, range);
            return;
        }
        let known = if word.glob && wildcard::leads_into_system(name) {
            Some(CP_GLOB)
        } else if let Some(kind) = words::path(name) {
            match kind {
                PathKind::Program => Some(CP_PATH),
                PathKind::Socket => Some(DEVTCP),
                PathKind::System | PathKind::Plain => None,
            }
        } else {
            words::command(program(name)).filter(|&family| fits_case(Some(family), word))
        };
        let call = self.byte(range.end) == b'(';
        let wrapped = std::mem::take(&mut self.wraps);
        let rest = self.view.get(range.end..).unwrap_or_default();
        let token = match known {
            // The options of a command that takes another: `timeout -k 1 5 id`.
            None if wrapped && is_option(name) => {
                self.wraps = true;
                self.position = Position::Command;
                return self.tell(if name.starts_with(b"-") { A_FLAG } else { A_NUM }, range);
            }
            // Alone it prints the environment.
            Some(CP_KW | CP_AMB) if words::prints_variables(name) && ends_command(rest) => CP_PROBE,
            Some(family) if !call || family == CP_WIN && words::is_powershell(name) => family,
            None if name == b"$0" && rest.starts_with(b" -") => CP_INT,
            None if is_slice(name) => EXPAND,
            None if name == b"." && matches!(rest, [b' ', b'/' | b'~' | b'.', ..]) => CP_INT,
            _ if call => CP_FN,
            _ if word.var => CP_VAR,
            _ => CP_OTHER,
        };
        // `\\w` is no command in disguise but part of a regular expression.
        if known.is_some() && word.split && name.len() > 1 {
            self.tell(SPLIT, range.clone());
        }
        if known.is_some() && word.caret {
            self.tell(CARET, range.clone());
        }
        if self.begins
            && known.is_some()
            && is_solo(self.view.get(range.start..).unwrap_or_default())
        {
            self.tell(SOLO, range.clone());
        }
        self.begins = false;
        self.in_case = name != b"esac" && (self.in_case || name == b"case");
        self.governs = match token {
            CP_NET => Governs::Host,
            _ if matches!(name, b"ping" | b"host") => Governs::Host,
            _ if words::takes_subcommand(name) => Governs::Subcommand,
            _ => Governs::Nothing,
        };
        self.tell(token, range);
        if matches!(token, CP_OTHER | CP_FN) {
            self.position = Position::Outside;
        } else if words::takes_command(name) {
            self.position = Position::Command;
            self.wraps = true;
        }
    }

    fn argument(&mut self, word: &Word, range: Range<usize>) {
        let name = word.as_bytes();
        if word.expand {
            self.tell(EXPAND, range.clone());
        }
        if word.is_empty() {
            if word.var {
                self.tell(A_VAR, range);
            }
            return;
        }
        let token = if word.text {
            let first = name.split(|b| matches!(b, b' ' | b'(')).next().unwrap_or_default();
            if words::certain(program(first)) { A_QCMD } else { A_STR }
        } else if word.glob && wildcard::leads_into_system(name) {
            A_SENS
        } else {
            match (plain_argument(name, word), self.governs) {
                (A_WORD | A_FILE, Governs::Host) if is_host(name) => A_HOST,
                (A_WORD, _)
                    if name == b"-"
                        && ends_command(self.view.get(range.end..).unwrap_or_default()) =>
                {
                    A_FLAG
                }
                (A_WORD, _) if name == b"." && self.byte(range.end + 1) == b'-' => A_PATH,
                (A_WORD | A_CMD, Governs::Subcommand) if words::subcommand(name) => A_SUB,
                (token, _) => token,
            }
        };
        if token != A_FLAG {
            self.governs = Governs::Nothing;
        }
        if matches!(name, b"-exec" | b"-execdir" | b"-ok" | b"-okdir") {
            self.position = Position::Command;
        }
        if word.split && matches!(token, A_SENS | A_CMD | DEVTCP) {
            self.tell(SPLIT, range.clone());
        }
        if word.caret && token == A_CMD {
            self.tell(CARET, range.clone());
        }
        self.tell(token, range);
    }
}

/// Whether a command may stand at `at`, where one can: a known one, or a word that has to be evaluated first. O(word).
pub(super) fn may_begin_command(view: &[u8], at: usize) -> bool {
    let rest = view.get(at..).unwrap_or_default();
    let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b'+').count();
    let rest = rest.get(blanks..).unwrap_or_default();
    let Some(text) = word::plain(rest) else { return true };
    if !Classes::of(text).intersects(SPELT) {
        return words::command(text).is_some();
    }
    let to_plus = text.iter().position(|&byte| byte == b'+');
    is_known(text) || to_plus.is_some_and(|end| is_known(text.get(..end).unwrap_or_default()))
}

/// Bytes that a command holds if there is more to it than a word of the table: its folder, its extension, an argument behind
/// `+`, a verb and a noun.
const SPELT: Classes =
    Classes::SLASH.or(Classes::DOT).or(Classes::DASH).or(Classes::PERCENT).or(Classes::PLUS);

/// Whether a word of plain bytes is a command, a path or a piece of a variable.
fn is_known(text: &[u8]) -> bool {
    if text.starts_with(b"%{") {
        return true;
    }
    // PERF: no command has a slash in it, and what leads nowhere is no path: user agents and URLs end here.
    let leads = match text {
        [b'/' | b'.' | b'~' | b'%', ..] | [_, b':', ..] => true,
        _ => text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"etc/")),
    };
    if !leads && text.contains(&b'/') {
        return false;
    }
    let word = Word::of(text);
    let name = word.as_bytes();
    name == b"."
        || is_slice(name)
        || words::path(name).is_some()
        || words::command(program(name)).is_some()
}

/// Whether a word is a command up to a `+`, and goes on behind it.
fn is_known_to_plus(word: &[u8]) -> bool {
    let plus = word.iter().position(|&b| b == b'+').unwrap_or(0);
    plus > 1
        && plus + 1 < word.len()
        && words::command(program(word.get(..plus).unwrap_or_default())).is_some()
}
