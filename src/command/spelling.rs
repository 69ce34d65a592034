//! What was probably meant, where a word is not known.

/// Of these words the one that is most like the one that was written, if any is like it: a letter wrong, missing or too
/// much, two swapped; in long words some more. Upper and lower case are the same.
#[must_use]
pub fn nearest<W: AsRef<str>>(written: &str, known: impl IntoIterator<Item = W>) -> Option<W> {
    let lower = written.to_lowercase();
    let allowed = (lower.chars().count() / 4).clamp(1, 3);
    let near = known.into_iter().filter_map(|word| {
        let distance = strsim::osa_distance(&lower, &word.as_ref().to_lowercase());
        // Of two letters one is half of the word: it is another word.
        (distance <= allowed && distance + 1 < word.as_ref().chars().count().max(2)).then_some((distance, word))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// [`nearest`], as the end of a message; nothing where no word is like it.
#[must_use]
pub fn did_you_mean<W: AsRef<str>>(written: &str, known: impl IntoIterator<Item = W>) -> String {
    nearest(written, known).map(|word| format!(": did you mean `{}`?", word.as_ref())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_like_it() {
        let known = ["connection.edit", "chart.edit", "view", "use", "s2"];
        let check = |written: &str, want: Option<&str>| assert_eq!(nearest(written, known), want, "{written}");
        check("connection.edti", Some("connection.edit"));
        check("Chart.Edit", Some("chart.edit"));
        check("vew", Some("view"));
        check("view", Some("view"));
        check("fly", None);
        check("s1", None);
        check("", None);
        check("xyz", None);
        assert_eq!(did_you_mean("chart.edt", known), ": did you mean `chart.edit`?");
        assert_eq!(did_you_mean("spaceship", known), "");
    }
}
