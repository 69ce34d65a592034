//! The limits of the service.
