//! Words of scripts without spaces, from the tokens of their characters.

use super::{Normal, Token, script::Script};

impl Normal {
    /// Whether token `index` belongs to a script whose words are not parted by spaces.
    #[must_use]
    pub fn is_unspaced_at(&self, index: usize) -> bool {
        self.is_unspaced && Script::of_word(self.word(index)) != Script::Spaced
    }

    /// Joins the tokens of scripts without spaces to words: those of each of `words` (first and last token), and
    /// what stands between them where the script says that it is one word. Gives the new index of each old token.
    ///
    /// Of words that overlap, the first counts, and of those that begin together, the longest.
    pub fn join(&mut self, words: &mut [(usize, usize)]) -> Vec<u32> {
        words.sort_by_key(|&(first, last)| (first, std::cmp::Reverse(last)));
        let mut words = words.iter().copied().peekable();
        let old = std::mem::take(&mut self.tokens);
        let scripts: Vec<Script> = old
            .iter()
            .map(|token| Script::of_word(&self.folded[token.at as usize..token.to as usize]))
            .collect();
        let mut indices = Vec::with_capacity(old.len());
        let mut at = 0;
        while at < old.len() {
            while words.peek().is_some_and(|&(first, _)| first < at) {
                words.next();
            }
            let next_word = words.peek().map_or(old.len(), |&(first, _)| first);
            let last = match words.peek() {
                Some(&(first, last)) if first == at => last,
                _ => {
                    let joins = |next: usize| {
                        next < next_word
                            && scripts[next].runs_on_from(scripts[next - 1])
                            && old[next].start == old[next - 1].end
                    };
                    (at + 1..old.len()).take_while(|&next| joins(next)).last().unwrap_or(at)
                }
            };
            let joined = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
            indices.extend(std::iter::repeat_n(joined, last + 1 - at));
            self.tokens.push(Token { end: old[last].end, to: old[last].to, ..old[at] });
            at = last + 1;
        }
        indices
    }
}
