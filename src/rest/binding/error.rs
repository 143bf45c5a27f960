//! What keeps the REST surface from being made.

/// Why the REST surface cannot be made from the descriptors.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// The `google.api.http` option is incomplete or uses what is not supported.
    #[error("{rpc}: {why}")]
    Rule {
        /// Full name of the RPC.
        rpc: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A path that is not a template.
    #[error("{rpc}: template {template:?}: {why}")]
    Template {
        /// Full name of the RPC.
        rpc: String,
        /// The template.
        template: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A path variable, `body` or `response_body` that names no usable field.
    #[error("{rpc}: no field {field:?} that could be bound")]
    UnknownField {
        /// Full name of the RPC.
        rpc: String,
        /// The field, as in the option.
        field: String,
    },
    /// A streaming RPC.
    #[error("{rpc}: streaming has no REST form")]
    Streaming {
        /// Full name of the RPC.
        rpc: String,
    },
    /// Two bindings that no request could tell apart.
    #[error("{rpc}: the same route as {other}")]
    Duplicate {
        /// Full name of the RPC.
        rpc: String,
        /// Full name of the RPC that has the route already.
        other: String,
    },
}
