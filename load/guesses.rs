//! How many of a thousand guesses at the same moment are looked at; and whether another
//! code in the place of the first, or beginning anew, buys more of them.

use std::sync::Arc;

use sekisho::flows::limit::GUESSES;

use crate::{
    Outcome, accounts,
    answer::{Answer, DONE, Tally},
    guessers::{Guessed, Guessers, Purpose},
    stack::Stack,
    under_attack::open_files,
};

/// Of bcrypt: this is not about passwords.
const COST: u32 = 4;
/// One by one, before another code comes in the place of the first.
const FIRST: u64 = 2;
/// So that codes can be had again and again.
const CODES: &str = "100/300";

/// Measures, and prints.
///
/// # Errors
///
/// Where more guesses were looked at than `docs/limits.md` allows, or a code was good
/// after them.
pub(crate) async fn measure(guesses: u64) -> Outcome<()> {
    let guesses = open_files(guesses)?;
    let folder = tempfile::tempdir()?;
    let stack = Stack::in_folder(folder.path()).with("SEKISHO_BCRYPT_COST", &COST.to_string());
    let stack = stack.with("SEKISHO_LIMIT_CODE", CODES).without("SEKISHO_SMTP_URL");
    let emails = [1, 2, 3].map(|number| email(Purpose::Reset, number));
    accounts::create(&stack.open().await?, emails, COST).await?;
    let guessers = Arc::new(Guessers::at(stack.dev(folder.path())?).await?);
    let mut attack = Attack { guessers, guesses, attempts: stack.config()?.codes.attempts, held: true };

    println!("{guesses} wrong guesses at the same moment, over REST and gRPC.\n");
    for purpose in [Purpose::SignUp, Purpose::Reset] {
        attack.one_code(purpose).await?;
        attack.another_in_its_place(purpose).await?;
        attack.begun_anew(purpose).await?;
    }
    if attack.held { Ok(()) } else { Err("there were more guesses to be had than there are".into()) }
}

fn email(purpose: Purpose, number: u32) -> String {
    format!("{}-{number}@example.com", purpose.name())
}

struct Attack {
    guessers: Arc<Guessers>,
    guesses: u64,
    /// Of a code.
    attempts: u32,
    /// Whether everything went as it has to.
    held: bool,
}

impl Attack {
    async fn one_code(&mut self, purpose: Purpose) -> Outcome<()> {
        println!("{}, one code:", purpose.name());
        let email = email(purpose, 1);
        let right = self.guessers.begin(purpose, &email).await?;
        let answers = self.guess(purpose, &email, &right).await?;
        self.judge_of_one(&answers);
        self.is_refused(purpose, &email, &right, "SESSION_NOT_FOUND").await?;
        if let Purpose::SignUp = purpose {
            let another = self.guessers.send_another(purpose, &email).await?;
            self.expect("another code in its place", &another, "SESSION_NOT_FOUND");
        }
        Ok(())
    }

    /// It replaces the code, and not the budget.
    async fn another_in_its_place(&mut self, purpose: Purpose) -> Outcome<()> {
        println!("{}, {FIRST} guesses before another code comes in its place:", purpose.name());
        let email = email(purpose, 2);
        let first = self.guessers.begin(purpose, &email).await?;
        let (guessed, mut answers) = (Guessed { purpose, email: &email, right: &first }, Vec::new());
        for number in 0..FIRST {
            answers.push(self.guessers.present(purpose, &email, &guessed.wrong(number)?).await?);
        }
        let another = self.guessers.send_another(purpose, &email).await?;
        self.expect("another code in its place", &another, DONE);
        let right = self.guessers.mailed(&email).await?;
        answers.extend(self.guess(purpose, &email, &right).await?);
        self.judge_of_one(&answers);
        self.is_refused(purpose, &email, &right, "SESSION_NOT_FOUND").await
    }

    /// Each time there is another code with guesses of its own, until the address has
    /// none left.
    async fn begun_anew(&mut self, purpose: Purpose) -> Outcome<()> {
        let (email, times) = (email(purpose, 3), GUESSES.count / self.attempts + 1);
        println!("{}, begun anew, {times} codes in all:", purpose.name());
        let (mut right, mut answers) = (String::new(), Vec::new());
        for _ in 0..times {
            right = self.guessers.begin(purpose, &email).await?;
            answers.extend(self.guess(purpose, &email, &right).await?);
        }
        self.judge(&answers, GUESSES.count);
        self.is_refused(purpose, &email, &right, "RATE_LIMIT_EXCEEDED").await
    }

    async fn guess(&self, purpose: Purpose, email: &str, right: &str) -> Outcome<Vec<Answer>> {
        self.guessers.guess(Guessed { purpose, email, right }, self.guesses).await
    }

    /// Each of a code's guesses is had once.
    fn judge_of_one(&mut self, answers: &[Answer]) {
        let mut left: Vec<u32> = answers.iter().filter_map(|answer| answer.attempts_left).collect();
        left.sort_unstable_by(|one, other| other.cmp(one));
        println!("  attempts left: {left:?}");
        let is_each = left.iter().rev().copied().eq(0..self.attempts);
        self.holds(is_each, "each number of attempts has to be left once");
        self.judge(answers, self.attempts);
    }

    /// Fewer would show nothing: they were refused for another reason.
    fn judge(&mut self, answers: &[Answer], budget: u32) {
        let mut tally = Tally::default();
        answers.iter().for_each(|answer| tally.add(&answer.reason));
        let evaluated = tally.of("INVALID_CODE");
        println!("  {evaluated} of {} guesses evaluated: {tally}", tally.all());
        self.holds(evaluated == u64::from(budget), &format!("it has to be {budget}"));
    }

    async fn is_refused(&mut self, purpose: Purpose, email: &str, right: &str, reason: &str) -> Outcome<()> {
        let answer = self.guessers.present(purpose, email, right).await?;
        self.expect("then the right code", &answer, reason);
        Ok(())
    }

    fn expect(&mut self, what: &str, answer: &Answer, reason: &str) {
        println!("  {what}: {}", answer.reason);
        self.holds(answer.reason == reason, &format!("it has to be {reason}"));
    }

    fn holds(&mut self, holds: bool, what: &str) {
        if !holds {
            println!("  FAILED: {what}");
            self.held = false;
        }
    }
}
