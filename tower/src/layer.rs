//! [`AbatisLayer`]: what is set, with its defaults.

use std::fmt;
use std::sync::Arc;

use abatis::Pool;
use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use tower_layer::Layer;

use crate::answer::Refusal;
use crate::engines::Engines;
use crate::record::Report;
use crate::service::AbatisService;

/// How a body is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyMode {
    /// The whole body is read, inspected and held before the inner service is called: nothing of a refused request reaches it.
    /// Memory: up to [`AbatisLayer::body_limit`] for each request under way.
    #[default]
    Buffered,
    /// The inner service is called at once and gets each chunk when that chunk has been inspected. A refusal ends the body with
    /// the error [`Refused`](crate::Refused), and is the answer if the inner service has not given one yet.
    ///
    /// What came before the refusal has been handed out: **do not act on a body before its end.** For large uploads and for
    /// streams in both directions (gRPC), which a buffer would hold up for ever.
    Stream,
}

/// What happens to a body that is longer than [`AbatisLayer::body_limit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PastLimit {
    /// It is refused with status 413, at once if `Content-Length` says so. A policy that does not refuse what was not inspected in
    /// full (mode `detect`, `on_partial.stopped: accept`) lets it pass, the rest uninspected.
    #[default]
    Refuse,
    /// What is held and what follows goes on as in [`BodyMode::Stream`].
    Stream,
}

pub(crate) type OnVerdict = Arc<dyn Fn(&Report<'_>) + Send + Sync>;
type Answer = Arc<dyn Fn(&Refusal<'_>) -> Response<Bytes> + Send + Sync>;
type Choose = Arc<dyn Fn(&Parts) -> BodyMode + Send + Sync>;

/// Puts the inspection in front of a service: [`tower_layer::Layer`].
///
/// # Defaults
///
/// | setting | default |
/// |---|---|
/// | [`body_mode`](AbatisLayer::body_mode) | [`BodyMode::Buffered`] |
/// | [`body_limit`](AbatisLayer::body_limit) | 1 MiB, as `limits.body_bytes` of a policy |
/// | [`past_limit`](AbatisLayer::past_limit) | [`PastLimit::Refuse`] |
/// | [`status`](AbatisLayer::status) | 403 |
/// | [`report_only`](AbatisLayer::report_only) | false |
/// | [`on_verdict`](AbatisLayer::on_verdict) | nothing |
/// | [`answer`](AbatisLayer::answer) | [`Refusal::problem`] |
///
/// ```
/// use abatis::{Action, Engine, Policy};
/// use abatis_tower::{AbatisLayer, BodyMode};
/// let layer = AbatisLayer::new(Engine::new(&Policy::default())?)
///     .body_mode(BodyMode::Stream)
///     .on_verdict(|report| {
///         if report.verdict().action > Action::Allow {
///             eprintln!("{} {:?}", report.method(), report.verdict().class());
///         }
///     });
/// # let _ = layer;
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AbatisLayer {
    config: Arc<Config>,
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) engines: Engines,
    pub(crate) body_limit: usize,
    pub(crate) past_limit: PastLimit,
    pub(crate) status: StatusCode,
    pub(crate) report_only: bool,
    pub(crate) on_verdict: Option<OnVerdict>,
    pub(crate) pool: Arc<Pool>,
    answer: Option<Answer>,
    body_mode: BodyMode,
    choose: Option<Choose>,
}

impl AbatisLayer {
    /// A layer that asks this engine, or each time the one of the day: an [`Engine`](abatis::Engine), an
    /// [`EngineHandle`](crate::EngineHandle), or [`Engines::from_fn`].
    pub fn new(engines: impl Into<Engines>) -> AbatisLayer {
        AbatisLayer {
            config: Arc::new(Config {
                engines: engines.into(),
                body_limit: 1 << 20,
                past_limit: PastLimit::default(),
                status: StatusCode::FORBIDDEN,
                report_only: false,
                on_verdict: None,
                pool: Arc::new(Pool::new()),
                answer: None,
                body_mode: BodyMode::default(),
                choose: None,
            }),
        }
    }

    /// How bodies are taken.
    pub fn body_mode(mut self, mode: BodyMode) -> AbatisLayer {
        let config = Arc::make_mut(&mut self.config);
        config.body_mode = mode;
        config.choose = None;
        self
    }

    /// How the body of each request is taken, decided by its head. Not by what a client may choose freely, unless either is fine.
    ///
    /// ```
    /// use abatis::{Engine, Policy};
    /// use abatis_tower::{AbatisLayer, BodyMode};
    /// let layer = AbatisLayer::new(Engine::new(&Policy::default())?).body_mode_by(|head| {
    ///     if head.uri.path().starts_with("/uploads/") { BodyMode::Stream } else { BodyMode::Buffered }
    /// });
    /// # let _ = layer;
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn body_mode_by(
        mut self,
        choose: impl Fn(&Parts) -> BodyMode + Send + Sync + 'static,
    ) -> AbatisLayer {
        Arc::make_mut(&mut self.config).choose = Some(Arc::new(choose));
        self
    }

    /// Most bytes of a body that [`BodyMode::Buffered`] holds (and one chunk more, which shows that there are more).
    ///
    /// Independent of `limits.body_bytes` of the policy, which says how much is inspected, in either mode, and of which
    /// `on_partial.body_bytes` says what follows. Raise both together.
    pub fn body_limit(mut self, bytes: usize) -> AbatisLayer {
        Arc::make_mut(&mut self.config).body_limit = bytes;
        self
    }

    /// What happens to a body that is longer.
    pub fn past_limit(mut self, past: PastLimit) -> AbatisLayer {
        Arc::make_mut(&mut self.config).past_limit = past;
        self
    }

    /// The status of refusals, except of bodies that are too long: these get 413.
    pub fn status(mut self, status: StatusCode) -> AbatisLayer {
        Arc::make_mut(&mut self.config).status = status;
        self
    }

    /// Whether verdicts are only reported and nothing is ever refused, whatever the policy says. (A policy of mode `detect` blocks
    /// nothing either, but then its verdicts say `flag`.)
    pub fn report_only(mut self, on: bool) -> AbatisLayer {
        Arc::make_mut(&mut self.config).report_only = on;
        self
    }

    /// Called once for each request when its verdict is final: before the inner service is called for requests without body and in
    /// [`BodyMode::Buffered`], at the end of the body in [`BodyMode::Stream`]. It runs on the worker: hand the work on to a channel if it
    /// is slow.
    pub fn on_verdict(mut self, call: impl Fn(&Report<'_>) + Send + Sync + 'static) -> AbatisLayer {
        Arc::make_mut(&mut self.config).on_verdict = Some(Arc::new(call));
        self
    }

    /// How refusals are answered, in place of [`Refusal::problem`].
    ///
    /// ```
    /// use abatis::{Engine, Policy};
    /// use abatis_tower::AbatisLayer;
    /// use http::Response;
    /// // Tells nothing but that it was refused.
    /// let layer = AbatisLayer::new(Engine::new(&Policy::default())?).answer(|refusal| {
    ///     let mut response = Response::new("refused\n".into());
    ///     *response.status_mut() = refusal.status();
    ///     response
    /// });
    /// # let _ = layer;
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn answer(
        mut self,
        answer: impl Fn(&Refusal<'_>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> AbatisLayer {
        Arc::make_mut(&mut self.config).answer = Some(Arc::new(answer));
        self
    }
}

impl<S> Layer<S> for AbatisLayer {
    type Service = AbatisService<S>;

    fn layer(&self, inner: S) -> AbatisService<S> {
        AbatisService::new(inner, self.config.clone())
    }
}

impl Config {
    pub(crate) fn mode(&self, head: &Parts) -> BodyMode {
        self.choose.as_ref().map_or(self.body_mode, |choose| choose(head))
    }

    pub(crate) fn respond(&self, refusal: &Refusal<'_>) -> Response<Bytes> {
        match &self.answer {
            Some(answer) => answer(refusal),
            None if refusal.is_grpc() => refusal.grpc_status(),
            None => refusal.problem(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("engines", &self.engines)
            .field("body_mode", &self.body_mode)
            .field("body_limit", &self.body_limit)
            .field("past_limit", &self.past_limit)
            .field("status", &self.status)
            .field("report_only", &self.report_only)
            .finish_non_exhaustive()
    }
}
