//! Path templates: `/users/{id}/orders`, `/compare/{base}...{head}`, `/files/{*rest}`.
//!
//! Read segment by segment, so that errors say what would be right.

/// A template that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    /// Each segment as the texts around its parameters: `["orders"]` has none, `["", ""]` is `{id}`,
    /// `["", "...", ""]` is `{base}...{head}`.
    pub(super) segments: Vec<Vec<String>>,
    /// Whether `{*rest}` follows.
    pub(super) rest: bool,
    /// The parameters, in the order of the path.
    pub(super) names: Vec<Box<str>>,
}

impl Template {
    /// Reads a template. Its errors, all of them, say what would be right.
    pub(super) fn parse(text: &str) -> Result<Template, Vec<String>> {
        let mut errors = Vec::new();
        let mut template = Template::default();
        if let Some(mark) = text.find(['?', '#']).and_then(|at| text.get(at..=at)) {
            errors.push(format!(
                "a path template ends before `{mark}`; query parameters belong in `parameters`"
            ));
        }
        if text.contains('\\') {
            errors.push("segments are divided by `/`, not by `\\`".to_owned());
        }
        match text.strip_prefix('/') {
            None => errors.push(format!("a path template starts with `/`: write `/{text}`")),
            Some("") => {}
            Some(path) => {
                let path = path.strip_suffix('/').unwrap_or(path);
                let mut segments = path.split('/').peekable();
                while let Some(segment) = segments.next() {
                    if let Err(error) = template.segment(segment, segments.peek().is_none()) {
                        errors.push(error);
                    }
                }
            }
        }
        if errors.is_empty() { Ok(template) } else { Err(errors) }
    }

    fn segment(&mut self, text: &str, last: bool) -> Result<(), String> {
        match text {
            "" => {
                return Err("an empty segment never matches: write one `/` for several".to_owned());
            }
            "." | ".." => {
                return Err(format!("`{text}` never matches: write the path without dot segments"));
            }
            "*" | "**" => {
                return Err(format!(
                    "unknown syntax `{text}`: write `{{*rest}}` for any rest of the path"
                ));
            }
            _ => {}
        }
        let bracketed = text.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
        if let Some(name) = text.strip_prefix(':').or(bracketed) {
            return Err(format!("unknown syntax `{text}`: write `{{{name}}}`"));
        }
        let rest = text.strip_prefix("{*").and_then(|name| name.strip_suffix('}'));
        if let Some(name) = rest
            && last
        {
            self.rest = true;
            return self.name(name);
        }
        let mut texts = Vec::new();
        let mut tail = text;
        while let Some((before, after)) = tail.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("`{{` without `}}` in `{text}`"));
            };
            if before.contains('}') {
                break;
            }
            if before.is_empty() && !texts.is_empty() {
                return Err(format!(
                    "where one parameter ends and the next begins in `{text}` is open: write text between them"
                ));
            }
            if name.starts_with('*') {
                return Err(format!(
                    "`{{{name}}}` takes the whole rest of the path: it must be the last segment, alone"
                ));
            }
            self.name(name)?;
            texts.push(before.to_owned());
            tail = after;
        }
        if tail.contains('}') {
            return Err(format!("`}}` without `{{` in `{text}`"));
        }
        texts.push(tail.to_owned());
        self.segments.push(texts);
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), String> {
        if let Some((name, _)) = name.split_once(':') {
            return Err(format!(
                "a parameter is constrained by its schema: write `{{{name}}}` and describe it in `parameters`"
            ));
        }
        let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
        if name.is_empty() || !name.chars().all(of_name) {
            return Err(format!(
                "`{{{name}}}` is no parameter: a name has letters, digits, `_`, `-`, `.` and `$`"
            ));
        }
        if self.names.iter().any(|other| **other == *name) {
            return Err(format!("the parameter `{name}` stands twice"));
        }
        self.names.push(name.into());
        Ok(())
    }
}
