//! The arguments that choose a policy, and the engine built from them.

use std::path::{Path, PathBuf};

use abatis::model::Bundle;
use abatis::model::policy::{Mode, Sensitivity};
use abatis::{Engine, Policy};

use crate::output::Error;

const HEADING: &str = "Policy";

/// Which policy judges.
#[derive(clap::Args, Debug)]
pub(crate) struct PolicyArgs {
    /// Policy file (YAML or JSON), or the name of a built-in one: default, strict, monitor, api-json
    #[arg(long, value_name = "FILE", default_value = "default", help_heading = HEADING)]
    policy: PathBuf,
    /// How much evidence it takes, in place of the policy's; routes that set their own keep it
    #[arg(long, value_enum, value_name = "NAME", help_heading = HEADING)]
    sensitivity: Option<SensitivityArg>,
    /// Report only: the strongest action is flag; routes that set their own mode keep it
    #[arg(long, help_heading = HEADING)]
    detect: bool,
}

/// [`Sensitivity`] on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum SensitivityArg {
    /// Only what is beyond doubt: score 900
    Low,
    /// The best balance for most: score 700
    Default,
    /// For fields that hold no prose or code: score 500
    High,
    /// Everything that looks odd: score 300
    Paranoid,
}

impl PolicyArgs {
    /// Reads the policy and what it refers to.
    pub(crate) fn bundle(&self) -> Result<Bundle, Error> {
        let mut bundle = load(&self.policy)?;
        // `--sensitivity` stands above the policy, below routes.
        if let Some(sensitivity) = self.sensitivity {
            bundle.policy.sensitivity = match sensitivity {
                SensitivityArg::Low => Sensitivity::Low,
                SensitivityArg::Default => Sensitivity::Default,
                SensitivityArg::High => Sensitivity::High,
                SensitivityArg::Paranoid => Sensitivity::Paranoid,
            };
        }
        if self.detect {
            bundle.policy.mode = Mode::Detect;
        }
        Ok(bundle)
    }

    /// What was asked for, for people.
    pub(crate) fn name(&self) -> String {
        self.policy.display().to_string()
    }

    /// The engine of the policy.
    pub(crate) fn engine(&self) -> Result<Engine, Error> {
        build(&self.bundle()?)
    }
}

/// Reads a policy, by its file or the name of a built-in one, and what it refers to.
pub(crate) fn load(path: &Path) -> Result<Bundle, Error> {
    let loaded = match builtin_name(path) {
        Some(name) => Policy::builtin(name).and_then(Bundle::new),
        None => Bundle::load(path),
    };
    loaded.map_err(|error| Error::unusable(error.diagnostics(), &error))
}

/// The name of a built-in policy: one word without an extension that is no file here.
fn builtin_name(path: &Path) -> Option<&str> {
    let is_word = path.extension().is_none() && path.components().count() == 1;
    path.to_str().filter(|_| is_word && !path.is_file())
}

/// Compiles a bundle.
pub(crate) fn build(bundle: &Bundle) -> Result<Engine, Error> {
    Engine::builder().build(bundle).map_err(|error| Error::unusable(error.diagnostics(), &error))
}
