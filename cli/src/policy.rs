//! The arguments that choose a policy, and the engine built from them.

use std::path::Path;

use abatis::model::Bundle;
use abatis::model::policy::{Mode, Sensitivity};
use abatis::{Engine, Policy};

use crate::output::Error;

/// Which policy judges.
#[derive(clap::Args, Debug)]
pub(crate) struct PolicyArgs {
    /// Policy file (YAML or JSON), or the name of a built-in one: default, strict, monitor, api-json
    #[arg(long, value_name = "FILE", default_value = "default")]
    policy: String,
    /// How much evidence it takes, in place of the policy's
    #[arg(long, value_enum, value_name = "NAME")]
    sensitivity: Option<SensitivityArg>,
    /// Report only: the strongest action is flag
    #[arg(long)]
    detect: bool,
}

/// [`Sensitivity`] on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum SensitivityArg {
    /// Only what is beyond doubt
    Low,
    /// The best balance for most
    Default,
    /// For fields that hold no prose or code
    High,
    /// Everything that looks odd
    Paranoid,
}

impl PolicyArgs {
    /// Reads the policy and what it refers to.
    pub(crate) fn bundle(&self) -> Result<Bundle, Error> {
        let path = Path::new(&self.policy);
        let bare_name = path.extension().is_none() && path.components().count() == 1;
        let loaded = if bare_name && !path.exists() {
            Policy::builtin(&self.policy).and_then(Bundle::new)
        } else {
            Bundle::load(path)
        };
        let mut bundle = loaded.map_err(|error| Error::Message(error.to_string()))?;
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

    /// The engine of the policy.
    pub(crate) fn engine(&self) -> Result<Engine, Error> {
        build(&self.bundle()?)
    }
}

/// Compiles a bundle.
pub(crate) fn build(bundle: &Bundle) -> Result<Engine, Error> {
    Engine::builder().build(bundle).map_err(|error| Error::Message(error.to_string()))
}
