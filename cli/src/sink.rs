//! `abatis sink`: whether values are code in a statement.

use std::process::ExitCode;

use abatis::{Explanation, Place, Request, Sink, Values};

use crate::explain::place;
use crate::output::{Color, Error, FailOn, print};
use crate::policy::PolicyArgs;

/// Look for values in a statement and say which of them are code in it.
///
/// A value is code if it crosses a token boundary: if it is more than one string, number, word, segment or component of the statement.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The guilty bytes are masked, since explanations end up in tickets and logs; --show-payload shows them.

Exit codes: 0 done, 1 a value reached --fail-on, 2 the arguments or the policy cannot be used.

Examples:
  abatis sink mysql --statement \"select * from t where id = 1 or true\" --value id='1 or true'
  abatis sink shell --statement 'ping a.example;id' --value host='a.example;id' --json
  abatis sink path --base /srv/files --statement /srv/files/../key --value file=../key")]
pub(crate) struct Args {
    /// Where the statement goes: mysql, postgres, mssql, oracle, sqlite, shell, path, url
    #[arg(value_name = "SINK", value_parser = sink)]
    sink: String,
    /// The statement
    #[arg(long, value_name = "TEXT")]
    statement: String,
    /// A value as the application got it
    #[arg(long = "value", value_name = "NAME=TEXT", required = true, value_parser = named)]
    values: Vec<(String, String)>,
    /// Where the values come from: path, query, form, json, header, cookie, body, xml
    #[arg(long, value_name = "PLACE", default_value = "query", value_parser = place)]
    place: Place,
    /// For `path`: the folder that it must stay below
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    base: String,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Show the guilty bytes
    #[arg(long)]
    show_payload: bool,
    /// The verdict as JSON
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a value reached this action
    #[arg(long, value_enum, value_name = "ACTION")]
    fail_on: Option<FailOn>,
}

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let engine = args.policy.engine()?;
    let mut values = Values::new();
    for (name, value) in &args.values {
        values.push(args.place, name, value);
    }
    let Some(sink) = Sink::from_name(&args.sink, args.base.as_bytes()) else {
        return Err(Error::Message(UNKNOWN.to_owned()));
    };
    let verdict = engine.check_sink(sink, &args.statement, &values);
    if args.json {
        let text = serde_json::to_string_pretty(&verdict);
        print(&(text.map_err(|error| Error::Message(error.to_string()))? + "\n"))?;
    } else {
        // Spans count in the statement.
        let shown = Request::new("", "").body(&args.statement);
        let explanation = Explanation::new(&shown, &verdict);
        let explanation = explanation.show_payload(args.show_payload).color(color.on());
        print(&explanation.to_string())?;
    }
    Ok(FailOn::code(args.fail_on, verdict.action))
}

const UNKNOWN: &str =
    "unknown sink, expected one of mysql, postgres, mssql, oracle, sqlite, shell, path, url";

fn sink(name: &str) -> Result<String, String> {
    Sink::from_name(name, b"").map(|_| name.to_owned()).ok_or_else(|| UNKNOWN.to_owned())
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=TEXT, such as id='1 or true'")?;
    Ok((name.to_owned(), value.to_owned()))
}
