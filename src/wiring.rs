//! Settings in, real parts out: the only file that names the real ones.
