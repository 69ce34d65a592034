//! SHA-256 (FIPS 180-4) of many messages. A block of one message waits for the block before it, and the processor does
//! nothing meanwhile: so two messages are hashed at a time, which takes little longer than one (decision 0020).

use std::{array, slice};

use sha2::compress256;

use crate::Hash;

/// The hashes of these messages, in their order.
pub(crate) fn of_each(messages: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = vec![Hash::default(); messages.len()];
    let mut jobs = messages.iter().enumerate().map(|(number, message)| Job::new(number, message));
    let mut done = |job: &Job<'_>| {
        if let Some(hash) = hashes.get_mut(job.number) {
            *hash = job.hash();
        }
    };
    let (mut first, mut second) = (jobs.next(), jobs.next());
    while let (Some(one), Some(other)) = (&mut first, &mut second) {
        let (mut states, times) = ([one.state, other.state], one.left.min(other.left));
        compress_two(&mut states, times, || [one.block(), other.block()]);
        [one.state, other.state] = states;
        for job in [&mut first, &mut second] {
            if let Some(finished) = job.take_if(|job| job.left == 0) {
                done(&finished);
                *job = jobs.next();
            }
        }
    }
    if let Some(mut last) = first.or(second) {
        for _ in 0..last.left {
            let block = last.block();
            compress256(&mut last.state, slice::from_ref((&block).into()));
        }
        done(&last);
    }
    hashes
}

const BLOCK: usize = 64;

type Block = [u8; BLOCK];
type State = [u32; 8];

/// A message on its way.
struct Job<'a> {
    number: usize,
    state: State,
    whole: slice::Iter<'a, Block>,
    /// What the whole blocks leave over, padded to one block or two.
    end: array::IntoIter<Block, 2>,
    /// How many blocks there are yet.
    left: usize,
}

impl<'a> Job<'a> {
    fn new(number: usize, message: &'a [u8]) -> Self {
        let state =
            [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
        let (whole, rest) = message.as_chunks();
        let mut end = [[0; BLOCK]; 2];
        if let Some((to, [mark, ..])) = end.as_flattened_mut().split_at_mut_checked(rest.len()) {
            to.copy_from_slice(rest);
            *mark = 0x80;
        }
        let ends = (rest.len() + 9).div_ceil(BLOCK);
        if let Some([.., length]) = end.get_mut(ends - 1).map(|last| last.as_chunks_mut().0) {
            *length = (8 * message.len() as u64).to_be_bytes();
        }
        Self { number, state, whole: whole.iter(), end: end.into_iter(), left: whole.len() + ends }
    }

    /// The next block, as long as any are left.
    fn block(&mut self) -> Block {
        self.left = self.left.saturating_sub(1);
        self.whole.next().copied().or_else(|| self.end.next()).unwrap_or([0; BLOCK])
    }

    fn hash(&self) -> Hash {
        let mut hash = Hash::default();
        hash.0.as_chunks_mut().0.iter_mut().zip(self.state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
        hash
    }
}

/// Takes so many blocks into each of two states.
fn compress_two(states: &mut [State; 2], times: usize, blocks: impl FnMut() -> [Block; 2]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") {
        #[expect(unsafe_code, reason = "there is no other way to call a function that not every processor can run")]
        // SAFETY: this processor has the instructions that the function is made of, as was asked just now.
        return unsafe { x86::compress_two(states, times, blocks) };
    }
    compress_each(states, times, blocks);
}

/// The same on any processor.
fn compress_each(states: &mut [State; 2], times: usize, mut blocks: impl FnMut() -> [Block; 2]) {
    for _ in 0..times {
        for (state, block) in states.iter_mut().zip(&blocks()) {
            compress256(state, slice::from_ref(block.into()));
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! By the SHA instructions of x86. `sha256rnds2` takes the state as two vectors, ABEF and CDGH, makes two rounds and
    //! gives the new ABEF; the old one is the new CDGH.

    use std::arch::x86_64::*;

    use super::{Block, State};

    /// ABEF and CDGH.
    type Halves = [__m128i; 2];

    // No closures but the one that gives the blocks: they would not be inlined into functions for all processors.
    #[target_feature(enable = "sha,sse4.1")]
    pub(super) fn compress_two([one, other]: &mut [State; 2], times: usize, mut blocks: impl FnMut() -> [Block; 2]) {
        let (mut first, mut second) = (halves(one), halves(other));
        for _ in 0..times {
            let [block, other_block] = blocks();
            let (mut words, mut other_words) = (load(&block), load(&other_block));
            let before = (first, second);
            for (number, four) in K.iter().enumerate() {
                for constants in four {
                    let [now, other_now] =
                        if number == 0 { [words[0], other_words[0]] } else { [next(words), next(other_words)] };
                    let constants = vector(*constants);
                    first = rounds(first, _mm_add_epi32(now, constants));
                    second = rounds(second, _mm_add_epi32(other_now, constants));
                    words = [words[1], words[2], words[3], now];
                    other_words = [other_words[1], other_words[2], other_words[3], other_now];
                }
            }
            (first, second) = (sum(first, before.0), sum(second, before.1));
        }
        (*one, *other) = (state(first), state(second));
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn sum([abef, cdgh]: Halves, [other_abef, other_cdgh]: Halves) -> Halves {
        [_mm_add_epi32(abef, other_abef), _mm_add_epi32(cdgh, other_cdgh)]
    }

    /// Four rounds with the sums of four words and their constants.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn rounds([abef, cdgh]: Halves, sums: __m128i) -> Halves {
        let between = _mm_sha256rnds2_epu32(cdgh, abef, sums);
        [_mm_sha256rnds2_epu32(abef, between, _mm_shuffle_epi32::<0b1110>(sums)), between]
    }

    /// The four words that follow sixteen (section 6.2.2, step 1).
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn next([oldest, second, third, newest]: [__m128i; 4]) -> __m128i {
        let sum = _mm_add_epi32(_mm_sha256msg1_epu32(oldest, second), _mm_alignr_epi8::<4>(newest, third));
        _mm_sha256msg2_epu32(sum, newest)
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn halves(&[a, b, c, d, e, f, g, h]: &State) -> Halves {
        [vector([f, e, b, a]), vector([h, g, d, c])]
    }

    /// The words of a block, which are big-endian.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn load(block: &Block) -> [__m128i; 4] {
        let swap = vector([0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f]);
        let (vectors, _) = block.as_chunks();
        let mut found = [swap; 4];
        for (to, from) in found.iter_mut().zip(vectors) {
            let bytes = u128::from_le_bytes(*from);
            *to = _mm_shuffle_epi8(_mm_set_epi64x((bytes >> 64) as i64, bytes as i64), swap);
        }
        found
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn vector(words: [u32; 4]) -> __m128i {
        let [a, b, c, d] = words.map(u32::cast_signed);
        _mm_set_epi32(d, c, b, a)
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn state([abef, cdgh]: Halves) -> State {
        let ([f, e, b, a], [h, g, d, c]) = (words(abef), words(cdgh));
        [a, b, c, d, e, f, g, h]
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn words(vector: __m128i) -> [u32; 4] {
        let (low, high) = (_mm_extract_epi64::<0>(vector), _mm_extract_epi64::<1>(vector));
        [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
    }

    /// The constants of the rounds (section 4.2.2).
    const K: [[[u32; 4]; 4]; 4] = [
        [
            [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
            [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
            [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
            [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        ],
        [
            [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
            [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
            [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
            [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        ],
        [
            [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
            [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
            [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
            [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        ],
        [
            [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
            [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
            [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
            [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
        ],
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_makes_the_same_of_blocks() {
        let blocks = || [[7; BLOCK], std::array::from_fn(|place| place as u8)];
        let (mut one, mut other) = ([[1; 8], [2; 8]], [[1; 8], [2; 8]]);
        compress_two(&mut one, 3, blocks);
        compress_each(&mut other, 3, blocks);
        assert_eq!(one, other);
    }

    /// Whatever their lengths, and however many: each hash is SHA-256 of its message.
    #[test]
    fn each_is_hashed_as_if_alone() {
        let text: Vec<u8> = (0..40_000_u32).map(|number| (number * 7 + number / 251) as u8).collect();
        let lengths = (0..140).chain([1_000, 3, 0, 640, 641, 20_000, 55, 56, 63, 64, 119, 120, 128, 8]);
        let messages: Vec<&[u8]> = lengths.enumerate().map(|(from, length)| &text[from..from + length]).collect();
        for count in [0, 1, 2, 3, 64, messages.len()] {
            for messages in [&messages[..count], &messages[messages.len() - count..]] {
                let expected: Vec<Hash> = messages.iter().map(|message| Hash::of(message)).collect();
                assert_eq!(of_each(messages), expected, "{count}");
            }
        }
    }
}
