//! Text to model: YAML (or JSON) read with positions, checked against the schema, then deserialized.
