//! Black-box tests, one file per flow.

mod life;
