use std::{collections::VecDeque, sync::Mutex};

use async_trait::async_trait;
use tokio::time::Instant;

use super::*;
use crate::mail::Cause;

const TRANSIENT: MailError = MailError::Transient(Cause::Connection);
const PERMANENT: MailError = MailError::Permanent(Cause::Reply(550));
const GRACE: Duration = Duration::from_secs(600);

/// Answers from a list, then `Ok`; an answer takes `takes`.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<MailError>>,
    takes: Duration,
    tried: Mutex<Vec<(String, Instant)>>,
}

impl Script {
    fn answering(answers: impl IntoIterator<Item = MailError>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    fn taking(takes: Duration) -> Arc<Self> {
        Arc::new(Self { takes, ..Self::default() })
    }

    fn tried(&self) -> Vec<String> {
        self.tried.lock().unwrap().iter().map(|(to, _)| to.clone()).collect()
    }

    fn pauses(&self) -> Vec<u64> {
        let tried = self.tried.lock().unwrap();
        tried.windows(2).map(|pair| (pair[1].1 - pair[0].1).as_secs()).collect()
    }
}

#[async_trait]
impl Mailer for Script {
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        self.tried.lock().unwrap().push((mail.to.clone(), Instant::now()));
        let answer = self.answers.lock().unwrap().pop_front();
        tokio::time::sleep(self.takes).await;
        answer.map_or(Ok(()), Err)
    }
}

fn mail(to: &str) -> Mail {
    Mail { to: to.into(), subject: String::new(), text: String::new(), html: String::new(), code: None }
}

fn counts(queue: &MailQueue) -> (u64, u64, u64) {
    let stats = queue.stats();
    (stats.sent(), stats.retried(), stats.failed())
}

/// Waits until the queue is empty without closing it, which would cut pauses short.
async fn settled(queue: &MailQueue) {
    while !queue.is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_so_at_once() {
    let queue = MailQueue::start(Script::taking(Duration::from_secs(5)), 2, 1);
    assert_eq!(queue.submit(mail("1")), Ok(()));
    assert_eq!(queue.submit(mail("2")), Ok(()));
    assert_eq!(queue.submit(mail("3")), Err(QueueFull));

    settled(&queue).await;
    assert_eq!(queue.submit(mail("4")), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_tried_again_after_growing_pauses() {
    let script = Script::answering([TRANSIENT; 4]);
    let queue = MailQueue::start(script.clone(), 8, 1);
    queue.submit(mail("1")).unwrap();
    settled(&queue).await;
    assert_eq!(script.pauses(), [2, 8, 32, 60]);
    assert_eq!(counts(&queue), (1, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_dropped_after_the_last_try() {
    let script = Script::answering([TRANSIENT; 9]);
    let queue = MailQueue::start(script.clone(), 8, 1);
    queue.submit(mail("1")).unwrap();
    settled(&queue).await;
    assert_eq!(script.tried().len(), 5);
    assert_eq!(counts(&queue), (0, 4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_is_not_tried_again() {
    let script = Script::answering([PERMANENT]);
    let queue = MailQueue::start(script.clone(), 8, 1);
    queue.submit(mail("1")).unwrap();
    settled(&queue).await;
    assert_eq!(script.tried(), ["1"]);
    assert_eq!(counts(&queue), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_waits_for_a_try_holds_up_nobody() {
    let script = Script::answering([TRANSIENT]);
    let queue = MailQueue::start(script.clone(), 8, 1);
    queue.submit(mail("slow")).unwrap();
    queue.submit(mail("quick")).unwrap();
    settled(&queue).await;
    assert_eq!(script.tried(), ["slow", "quick", "slow"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_deliveries_run_at_a_time_than_there_are_workers() {
    let queue = MailQueue::start(Script::taking(Duration::from_secs(10)), 8, 2);
    let start = Instant::now();
    for to in ["1", "2", "3", "4"] {
        queue.submit(mail(to)).unwrap();
    }
    queue.close(GRACE).await;
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn closing_drains_and_refuses_what_comes_later() {
    let queue = MailQueue::start(Script::taking(Duration::from_secs(5)), 8, 1);
    for to in ["1", "2", "3"] {
        queue.submit(mail(to)).unwrap();
    }
    queue.close(GRACE).await;
    assert_eq!(counts(&queue), (3, 0, 0));
    assert_eq!(queue.submit(mail("4")), Err(QueueFull));
}

#[tokio::test(start_paused = true)]
async fn closing_gives_a_waiting_mail_one_last_try_at_once() {
    let script = Script::answering([TRANSIENT, TRANSIENT, TRANSIENT]);
    let queue = MailQueue::start(script.clone(), 8, 1);
    queue.submit(mail("1")).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let start = Instant::now();
    queue.close(GRACE).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(counts(&queue), (0, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn closing_ends_with_the_grace() {
    let queue = MailQueue::start(Script::taking(Duration::from_secs(3600)), 8, 1);
    queue.submit(mail("1")).unwrap();
    queue.submit(mail("2")).unwrap();
    let start = Instant::now();
    queue.close(Duration::from_secs(7)).await;
    assert_eq!(start.elapsed().as_secs(), 7);
    assert_eq!(counts(&queue), (0, 0, 2));
}
