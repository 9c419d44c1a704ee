//! A function of its own for each reader, token and size, so that callgrind counts each apart.

/// Runs some work on a text.
pub type Run = fn(&dyn Fn(&str), &str);

macro_rules! sizes {
    ($($size:ident)*) => {
        $(#[inline(never)]
        pub fn $size(work: &dyn Fn(&str), text: &str) {
            // The linker would merge equal functions.
            std::hint::black_box((module_path!(), stringify!($size)));
            work(text);
        })*
    };
}

macro_rules! ones {
    ($($one:ident)*) => {
        pub const ALL: [[super::super::Run; 3]; 10] = [$([$one::once, $one::twice, $one::fourfold]),*];
        $(mod $one {
            sizes!(once twice fourfold);
        })*
    };
}

macro_rules! tens {
    ($($ten:ident)*) => {
        pub const ALL: [[[super::Run; 3]; 10]; 10] = [$($ten::ALL),*];
        $(mod $ten {
            ones!(n0 n1 n2 n3 n4 n5 n6 n7 n8 n9);
        })*
    };
}

macro_rules! readers {
    ($($reader:ident)*) => {
        const ALL: [[[[Run; 3]; 10]; 10]; 10] = [$($reader::ALL),*];
        $(mod $reader {
            tens!(n0 n1 n2 n3 n4 n5 n6 n7 n8 n9);
        })*
    };
}

readers!(n0 n1 n2 n3 n4 n5 n6 n7 n8 n9);

/// The functions of a group's reader for a token.
pub fn three(reader: usize, token: usize) -> [Run; 3] {
    ALL[reader][token / 10][token % 10]
}
