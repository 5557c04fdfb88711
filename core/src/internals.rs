//! Single stages, opened to the fuzz targets and benches of this repository. No promise of stability.

pub mod fuzz;
pub mod stages;
