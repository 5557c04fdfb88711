//! `abatis validate`: JSON documents against a JSON Schema.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abatis::{Draft, Schema, SchemaBuilder, Validator, Violation};
use serde::Serialize;

use crate::inspect::collect;
use crate::output::{Color, Error, complain, tame};

/// Hold JSON documents against a JSON Schema, drafts 4 to 2020-12.
///
/// Each violation is told with file, line and column, the keyword that refuses the value, and JSON Pointers to the value and to the
/// keyword. What is no JSON, a repeated key, a byte order mark and half of a surrogate pair are violations too.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Nothing is fetched. What a `$ref` leads to is in the schema, or among --documents: found there by its `$id`, or by its path in that folder, \
counted from the schema's own `$id`.

Values are not shown, since output ends up in tickets and logs; --show-payload shows them. Names of fields are.

Exit codes: 0 all are valid, 1 a document is invalid, 2 the schema cannot be used or a file cannot be read (the others are \
validated all the same).

Examples:
  abatis validate --schema order.schema.json order.json
  abatis validate --schema api/order.json --documents api/ --format-assertion on captured/*.json
  curl -s https://shop.example/feed | abatis validate --schema item.json --lines --json -")]
#[allow(clippy::struct_excessive_bools, reason = "the flags of a command")]
pub(crate) struct Args {
    /// The schema, in JSON or YAML
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// The draft of a schema that has no `$schema`: 4, 6, 7, 2019-09 or 2020-12
    #[arg(long, value_name = "NAME", default_value_t)]
    draft: Draft,
    /// A folder of other schemas, `.json`, `.yaml` or `.yml`, that `$ref` may lead to
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// Whether `format` refuses values
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    format_assertion: FormatAssertion,
    /// Refuse a schema with keywords or formats that its draft does not know
    #[arg(long)]
    strict: bool,
    /// Accept objects with the same key twice: each of its values counts
    #[arg(long)]
    duplicate_keys: bool,
    /// Each line is a document; blank lines are none
    #[arg(long)]
    lines: bool,
    /// Most violations told of one document
    #[arg(long, value_name = "N", default_value_t = 16)]
    max: usize,
    /// One JSON object a document: `{"file": …, "valid": …, "violations": […]}`
    #[arg(long)]
    json: bool,
    /// Show the values that are refused
    #[arg(long)]
    show_payload: bool,
    /// JSON documents; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// When `format` refuses values.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum FormatAssertion {
    /// Always
    On,
    /// Never
    Off,
    /// As the draft has it: up to 7, and from 2019-09 on if the meta-schema asks for it
    #[default]
    Draft,
}

impl FormatAssertion {
    /// The setting of a schema.
    pub(crate) fn apply(self, options: SchemaBuilder) -> SchemaBuilder {
        match self {
            FormatAssertion::On => options.formats(true),
            FormatAssertion::Off => options.formats(false),
            FormatAssertion::Draft => options,
        }
    }
}

/// The longest document: positions are counted in 32 bits.
const MAX_BYTES: usize = u32::MAX as usize - 1;
/// Characters of a value that are shown.
const SHOWN: usize = 64;

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let schema = schema(args)?;
    let mut report = Report {
        args,
        color,
        validator: schema.validator(),
        out: io::stdout().lock(),
        invalid: false,
    };
    let mut failed = false;
    for file in &args.files {
        match report.file(file) {
            Ok(()) => {}
            Err(error) if error.is_broken_pipe() => return Err(error),
            Err(error) => {
                complain(error);
                failed = true;
            }
        }
    }
    Ok(match (failed, report.invalid) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// The schema, compiled, with the documents that it may refer to.
fn schema(args: &Args) -> Result<Schema, Error> {
    let mut options = Schema::options()
        .draft(args.draft)
        .strict(args.strict)
        .duplicate_keys(args.duplicate_keys)
        .document_bytes(MAX_BYTES);
    options = args.format_assertion.apply(options);
    if let Some(folder) = &args.documents {
        let mut files = Vec::new();
        collect(folder, &mut files)?;
        for file in files {
            let kind = file.extension().and_then(|extension| extension.to_str());
            if matches!(kind, Some("json" | "yaml" | "yml")) {
                let text = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
                let inside = file.strip_prefix(folder).unwrap_or(&file);
                options = options.document(&uri(inside), &text);
            }
        }
    }
    let text = std::fs::read_to_string(&args.schema).map_err(Error::io(&args.schema))?;
    let name = args.schema.display().to_string();
    options
        .build(&name, &text)
        .map_err(|error| Error::unusable_as("schema", error.diagnostics(), &error))
}

/// A path inside of a folder as a relative URI: what URIs do not hold is percent-coded.
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for (at, part) in path.components().enumerate() {
        if at > 0 {
            uri.push('/');
        }
        for byte in part.as_os_str().as_encoded_bytes() {
            match byte {
                b'-' | b'.' | b'_' | b'~' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                    uri.push(char::from(*byte));
                }
                // Writing to a String cannot fail.
                _ => _ = write!(uri, "%{byte:02X}"),
            }
        }
    }
    uri
}

/// Validates and tells.
struct Report<'a> {
    args: &'a Args,
    color: Color,
    validator: Validator,
    out: StdoutLock<'static>,
    invalid: bool,
}

impl Report<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Error> {
        let (source, name): (Box<dyn Read>, _) = if path == Path::new("-") {
            (Box::new(io::stdin().lock()), "-".into())
        } else {
            (Box::new(File::open(path).map_err(Error::io(path))?), path.to_string_lossy())
        };
        let mut source = BufReader::new(source);
        let mut bytes = Vec::new();
        if !self.args.lines {
            // One byte more than a document may have: then the validator says so.
            let mut source = source.take(MAX_BYTES as u64 + 1);
            source.read_to_end(&mut bytes).map_err(Error::io(path))?;
            return self.document(&name, None, &bytes);
        }
        for number in 1.. {
            bytes.clear();
            let mut line = source.by_ref().take(MAX_BYTES as u64 + 1);
            if line.read_until(b'\n', &mut bytes).map_err(Error::io(path))? == 0 {
                break;
            }
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            if !bytes.trim_ascii().is_empty() {
                self.document(&name, Some(number), &bytes)?;
            }
        }
        Ok(())
    }

    fn document(&mut self, file: &str, line: Option<u32>, document: &[u8]) -> Result<(), Error> {
        let violations = self.validator.validate(document, self.args.max);
        self.invalid |= !violations.is_empty();
        let mut text = String::new();
        if self.args.json {
            let told = Told {
                file: file.into(),
                line,
                valid: violations.is_empty(),
                violations: &violations,
            };
            text =
                serde_json::to_string(&told).map_err(|error| Error::Message(error.to_string()))?;
            text.push('\n');
        } else {
            let file = tame(file);
            for violation in &violations {
                self.tell(&mut text, &file, line, document, violation);
            }
            // Lines that are valid would bury those that are not.
            if violations.is_empty() && line.is_none() {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{file}: {}", self.color.paint("32", "valid"));
            }
        }
        self.out.write_all(text.as_bytes()).map_err(Error::io("standard output"))
    }

    /// `order.json:3:15: minimum: is less than 1`, and below where the value and the keyword stand.
    fn tell(
        &self,
        text: &mut String,
        file: &str,
        line: Option<u32>,
        document: &[u8],
        violation: &Violation,
    ) {
        let (row, column) = position(document, violation.range.start);
        let row = line.unwrap_or(row);
        let keyword = self.color.paint("1;31", &tame(&violation.keyword));
        let message = tame(&violation.message);
        let _ = writeln!(text, "{file}:{row}:{column}: {keyword}: {message}");
        let instance = shown(&violation.instance_pointer);
        let _ = write!(text, "    value {instance}");
        if !violation.schema_pointer.is_empty() {
            let _ = write!(text, ", schema {}", tame(&violation.schema_pointer));
        }
        text.push('\n');
        if self.args.show_payload {
            let value = document.get(violation.range.clone()).unwrap_or_default();
            let value = String::from_utf8_lossy(value);
            let mut start: String = value.chars().take(SHOWN).collect();
            if start.len() < value.len() {
                start.push('…');
            }
            let _ = writeln!(text, "    {}", tame(&start));
        }
    }
}

/// A line of `--json`.
#[derive(Serialize)]
struct Told<'t> {
    file: Cow<'t, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    valid: bool,
    violations: &'t [Violation],
}

/// A pointer for people: the root has a name, too.
fn shown(pointer: &str) -> String {
    if pointer.is_empty() { "(root)".to_owned() } else { tame(pointer) }
}

/// Line and column of a byte, from 1; the column counts characters.
fn position(document: &[u8], at: usize) -> (u32, u32) {
    let before = document.get(..at).unwrap_or(document);
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let is_first = |byte: &&u8| **byte & 0xC0 != 0x80;
    let column = 1 + before.iter().skip(start).filter(is_first).count();
    (line as u32, column as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let document = "{\n \"ä\": 1\n}".as_bytes();
        assert_eq!(position(document, 0), (1, 1));
        assert_eq!(position(document, 8), (2, 6));
        assert_eq!(position(document, 9), (2, 7));
        assert_eq!(position(document, 99), (3, 2));
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri(Path::new("sub/a b#%ä.json")), "sub/a%20b%23%25%C3%A4.json");
    }
}
