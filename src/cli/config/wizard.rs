//! The four questions of `config init` on a terminal: watch list, channel, test message, cron line.

use std::{io::BufRead, path::Path};

use toml_edit::value;

use crate::{error::Error, exit::Exit, render::plain};

use super::super::output::Output;

/// The answers that go into the settings file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Names of projects to watch besides the built-in ones.
    pub projects: Vec<String>,
    pub channel: Option<Chosen>,
}

/// A channel, with the value of the key that its kind needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    kind: &'static str,
    key: &'static str,
    value: String,
}

/// Kinds to choose from: kind, key, what it is, question for the value.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("ntfy", "url", "phone, by the app ntfy", "topic, such as https://ntfy.sh/a-name-that-nobody-guesses:"),
    ("slack", "url", "Slack", "address of the incoming webhook:"),
    ("discord", "url", "Discord", "address of the webhook:"),
    ("file", "path", "a file, a JSON line for each alert", "file:"),
];

/// Minutes between two cycles unless another number is given.
const USUAL_MINUTES: u32 = 10;

/// Asks the first two questions.
pub fn ask(output: &mut Output, input: &mut impl BufRead) -> Result<Answers, Error> {
    output.note(
        "1/4  Which projects do you want to watch, besides the built-in ones? Names with commas; none: Enter",
    );
    let projects = line(input)?;
    let projects = projects.split(',').map(plain).filter(|name| !name.is_empty()).collect();
    output.note("2/4  How do you want to be alerted?");
    for (at, (kind, _, what, _)) in KINDS.iter().enumerate() {
        output.note(&format!("     {}  {kind:<8} {what}", at + 1));
    }
    output.note("     a number or a name; later: Enter");
    loop {
        let answer = line(input)?;
        if answer.is_empty() {
            return Ok(Answers { projects, channel: None });
        }
        if let Some((kind, key, _, question)) = chosen(&answer) {
            output.note(&format!("     {question}"));
            let value = line(input)?;
            let channel = (!value.is_empty()).then_some(Chosen { kind, key, value });
            return Ok(Answers { projects, channel });
        }
        output.note(&format!(
            "     {:?} is none of them; a number from 1 to {}",
            plain(&answer),
            KINDS.len()
        ));
    }
}

fn chosen(answer: &str) -> Option<(&'static str, &'static str, &'static str, &'static str)> {
    let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_name = || KINDS.iter().position(|(kind, ..)| kind.eq_ignore_ascii_case(answer));
    number.or_else(by_name).and_then(|at| KINDS.get(at)).copied()
}

/// Whether the third question is answered with yes.
pub fn wants_test(output: &mut Output, input: &mut impl BufRead) -> Result<bool, Error> {
    output.note("3/4  Send a test message now? [Y/n]");
    Ok(matches!(line(input)?.to_lowercase().as_str(), "" | "y" | "yes"))
}

/// Asks the fourth question; `None` if cron is not wanted.
pub fn minutes(output: &mut Output, input: &mut impl BufRead) -> Result<Option<u32>, Error> {
    output.note(&format!(
        "4/4  How often should cron run a cycle, in minutes? {USUAL_MINUTES}: Enter; no cron: 0"
    ));
    loop {
        match line(input)?.as_str() {
            "" => return Ok(Some(USUAL_MINUTES)),
            answer => match answer.parse::<u32>() {
                Ok(0) => return Ok(None),
                Ok(minutes) if minutes < 60 => return Ok(Some(minutes)),
                _ => output.note("     a number from 0 to 59"),
            },
        }
    }
}

/// A line of the terminal; empty at its end.
fn line(input: &mut impl BufRead) -> Result<String, Error> {
    let mut answer = String::new();
    input.read_line(&mut answer).map_err(|error| {
        let hint = "without a terminal no questions are asked: tge-scrape config init < /dev/null";
        Error::new(Exit::Failure, format!("stdin cannot be read: {error}"), hint)
    })?;
    Ok(answer.trim().to_owned())
}

impl Answers {
    /// `template` with tables for the answers at its end.
    pub fn written(&self, template: &str) -> String {
        let mut text = template.to_owned();
        for name in &self.projects {
            text.push_str(&format!("\n[[projects]]\nname = {}\n", value(name.as_str())));
        }
        if let Some(Chosen { kind, key, value: secret }) = &self.channel {
            text.push_str(&format!(
                "\n[[channels]]\nkind = \"{kind}\"\n{key} = {}\n",
                value(secret.as_str())
            ));
        }
        text
    }
}

/// Lines for a crontab: cron knows neither the user's `PATH` nor the folder.
pub fn crontab(minutes: u32, folder: &Path, program: &Path, file: &Path) -> String {
    let quoted = |path: &Path| {
        let text = path.display().to_string();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-~".contains(c));
        // In a crontab a percent sign ends the command.
        let text = text.replace('%', "\\%");
        if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
    };
    let config = if file == Path::new(crate::config::FILE_NAME) {
        String::new()
    } else {
        format!(" -c {}", quoted(file))
    };
    format!(
        "MAILTO=you@example.org\n*/{minutes} * * * *  cd {} && {} cycle{config}\n",
        quoted(folder),
        quoted(program)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_valid_settings() {
        let answers = Answers {
            projects: vec!["Lumenade".to_owned(), "A \"B\" \\".to_owned()],
            channel: Some(Chosen { kind: "file", key: "path", value: "alerts \"1\".ndjson".to_owned() }),
        };
        let text = answers.written(crate::config::INIT);
        let settings = crate::config::load_text(
            Path::new("s.toml"),
            &text,
            &crate::config::Flags::default(),
            &crate::config::Environment::default(),
        );
        let settings = settings.unwrap_or_else(|errors| panic!("{errors} in {text}"));
        assert_eq!(settings.detect.projects[1].name, "A \"B\" \\");
        assert_eq!(settings.alerts.channels.len(), 1);
    }

    #[test]
    fn a_crontab_names_folder_and_program() {
        let file = Path::new(crate::config::FILE_NAME);
        let usual = crontab(10, Path::new("/home/me/tge"), Path::new("/home/me/.cargo/bin/tge-scrape"), file);
        assert_eq!(
            usual,
            "MAILTO=you@example.org\n*/10 * * * *  cd /home/me/tge && /home/me/.cargo/bin/tge-scrape cycle\n"
        );
        let odd =
            crontab(5, Path::new("/home/me/my 100%"), Path::new("/b/tge-scrape"), Path::new("o's.toml"));
        assert!(
            odd.ends_with("*/5 * * * *  cd '/home/me/my 100\\%' && /b/tge-scrape cycle -c 'o'\\''s.toml'\n"),
            "{odd}"
        );
    }
}
