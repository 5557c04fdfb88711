//! Which engine judges a request: a fixed one, that of a handle, or what a function says.

use std::fmt;
use std::sync::Arc;

use abatis::Engine;
use arc_swap::ArcSwap;

/// A place for the engine of the day: requests take it out while another thread puts a new one in. Clones are the same place.
///
/// Nobody waits: neither requests for a reload nor a reload for requests. A request goes on with the engine that it began with.
///
/// ```
/// use abatis::{Engine, Policy};
/// use abatis_tower::{AbatisLayer, EngineHandle};
/// let handle = EngineHandle::new(Engine::new(&Policy::default())?);
/// let layer = AbatisLayer::new(handle.clone());
///
/// // Later, on a signal; if the new policy does not load, the old engine stays.
/// let policy = Policy::from_yaml("new.yaml", "sensitivity: high")?;
/// let old = handle.swap(Engine::new(&policy)?);
/// # let _ = (old, layer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EngineHandle(Arc<ArcSwap<Engine>>);

impl EngineHandle {
    /// A handle that holds `engine`.
    pub fn new(engine: Engine) -> EngineHandle {
        EngineHandle(Arc::new(ArcSwap::from_pointee(engine)))
    }

    /// The engine that is in it now.
    pub fn load(&self) -> Engine {
        Engine::clone(&self.0.load())
    }

    /// Puts another engine in and gives back the one that was there. Compile the new one first: that takes milliseconds, this
    /// takes nanoseconds.
    pub fn swap(&self, engine: Engine) -> Engine {
        Engine::clone(&self.0.swap(Arc::new(engine)))
    }
}

impl fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EngineHandle").field(&self.load()).finish()
    }
}

/// Where a layer takes the engine for each request from: made from an [`Engine`], from an [`EngineHandle`], or from a function.
///
/// ```
/// use std::sync::OnceLock;
/// use abatis::{Engine, Policy};
/// use abatis_tower::{AbatisLayer, Engines};
///
/// static ENGINE: OnceLock<Engine> = OnceLock::new();
/// let engine = || ENGINE.get_or_init(|| Engine::new(&Policy::default()).expect("it is tested")).clone();
/// let layer = AbatisLayer::new(Engines::from_fn(engine));
/// # let _ = layer;
/// ```
#[derive(Clone)]
pub struct Engines(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Engine),
    Handle(EngineHandle),
    Function(Arc<dyn Fn() -> Engine + Send + Sync>),
}

impl Engines {
    /// Asks `function` once for each request. It should give a clone of an engine that stands somewhere, at once.
    pub fn from_fn(function: impl Fn() -> Engine + Send + Sync + 'static) -> Engines {
        Engines(Kind::Function(Arc::new(function)))
    }

    pub(crate) fn current(&self) -> Engine {
        match &self.0 {
            Kind::Fixed(engine) => engine.clone(),
            Kind::Handle(handle) => handle.load(),
            Kind::Function(function) => function(),
        }
    }
}

impl From<Engine> for Engines {
    fn from(engine: Engine) -> Engines {
        Engines(Kind::Fixed(engine))
    }
}

impl From<EngineHandle> for Engines {
    fn from(handle: EngineHandle) -> Engines {
        Engines(Kind::Handle(handle))
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Fixed(_) => "fixed",
            Kind::Handle(_) => "handle",
            Kind::Function(_) => "function",
        };
        f.debug_tuple("Engines").field(&kind).finish()
    }
}
