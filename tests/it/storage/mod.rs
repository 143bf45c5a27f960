//! The contract of each storage trait, as tests that every back end has to pass.

mod abandoned;
mod account_changes;
mod accounts;
mod attempt;
mod audit;
mod audit_chain;
pub mod back_ends;
mod codes;
pub mod data;
pub mod journal;
mod limits;
mod model;
mod outbox;
mod race;
mod reopen;
mod revocations;
mod rotation;
mod rotation_model;
mod rotation_races;
mod service_accounts;
mod service_identities;
mod session_count;
mod session_limits;
mod sessions;
mod signing_keys;
mod tallies;

/// Every suite for one back end: a function of [`back_ends`]. A test that is
/// missing here is dead code, and the compiler says so.
macro_rules! contract {
    ($back_end:ident) => {
        mod $back_end {
            contract! { $back_end abandoned:
                a_write_that_is_abandoned_is_whole_or_not_at_all,
                many_that_abandon_their_writes_do_not_stop_the_store,
            }
            contract! { $back_end account_changes:
                a_change_comes_with_all_that_belongs_to_it,
                each_kind_of_change_changes_what_it_says,
                who_read_what_is_another_by_now_changes_nothing,
                an_address_has_one_account_whoever_moves,
                of_many_changes_of_one_password_one_is_made,
                of_many_that_move_to_one_address_one_does,
                a_client_is_known_once_it_is_remembered,
                the_client_that_came_first_is_forgotten_first,
                a_reset_forgets_every_client_and_a_change_none,
            }
            contract! { $back_end accounts:
                a_new_account_is_found_whole_by_address_and_by_id,
                nobody_is_found_who_is_not_there,
                a_new_account_comes_with_its_event,
                a_taken_address_changes_nothing,
                of_many_accounts_of_one_address_one_is_made,
                a_profile_change_changes_what_it_names,
                a_name_can_be_taken_away,
                a_profile_change_comes_with_its_event,
                nobodys_profile_is_not_changed,
                no_profile_change_undoes_another,
                a_password_is_replaced,
                a_password_that_has_changed_is_not_replaced,
                nobodys_password_is_not_replaced,
                of_many_new_passwords_one_is_put,
                a_changed_password_is_kept_among_the_former_with_its_event,
                the_latest_former_passwords_come_first_and_the_oldest_go,
                where_none_is_to_be_kept_all_are_forgotten,
                a_password_that_is_stored_otherwise_is_no_former_one,
                of_many_changes_one_is_made_and_remembered,
            }
            contract! { $back_end audit:
                a_row_holds_what_the_event_says,
                what_an_event_does_not_say_is_not_in_its_row,
                every_kind_is_recorded_by_its_word,
                no_event_makes_no_row,
                rows_come_oldest_first_with_rising_numbers,
                a_page_is_what_comes_after_a_row_up_to_a_limit,
                the_latest_come_first_of_all_or_of_one_person,
                many_writers_lose_no_row,
            }
            contract! { $back_end audit_chain:
                of_many_that_begin_a_chain_one_does,
                a_chain_is_read_as_it_was_written,
                events_without_a_link_come_in_order_up_to_a_limit,
                links_come_with_their_events_and_seals,
                a_link_outlives_its_event,
                what_was_made_from_an_older_chain_changes_nothing,
                of_many_that_extend_a_chain_one_does,
                what_is_removed_is_gone_with_its_links_and_seals,
                many_sealers_and_writers_make_one_chain,
            }
            contract! { $back_end journal:
                what_was_appended_is_live_in_order_and_whole,
                a_page_is_what_comes_after_a_number_up_to_a_limit,
                what_has_expired_is_not_live_and_fills_no_page,
                events_are_added_with_the_revocations,
                a_session_is_taken_back_once,
                of_many_that_take_one_session_back_one_is_first,
                what_cannot_be_written_keeps_nobody_elses_from_it,
                nothing_appended_is_nothing_added,
                a_whole_users_revocation_raises_not_before,
                not_before_is_never_lowered,
                a_sessions_revocation_leaves_not_before_alone,
                many_revocations_of_one_user_all_count,
                a_reader_that_goes_on_misses_none_of_many_writers,
                a_sweep_takes_what_has_expired_up_to_a_limit,
                a_sweep_leaves_the_last_number,
                a_token_is_taken_back_once_and_is_a_line_like_others,
                of_many_that_take_one_token_back_one_does,
                the_latest_come_first_and_expired_ones_too,
                it_says_how_far_it_goes,
                of_many_new_epochs_one_is_put,
            }
            contract! { $back_end service_accounts:
                an_account_is_found_whole_by_its_name,
                a_taken_name_changes_nothing,
                of_many_accounts_of_one_name_one_is_made,
                accounts_are_listed_by_name,
                a_disabled_account_stays_and_says_so,
                a_new_secret_takes_the_place_of_the_old_with_its_event,
                a_secret_is_stored_otherwise_unless_it_is_another_by_now,
            }
            contract! { $back_end service_identities:
                a_name_finds_its_service_whole,
                a_name_is_of_one_service,
                of_many_services_one_gets_a_name,
                a_name_is_taken_from_its_service_only,
                names_are_listed_in_order,
            }
            contract! { $back_end outbox:
                a_notice_is_leased_whole,
                a_lease_excludes_others_until_it_runs_out,
                those_that_are_due_longest_come_first_up_to_a_limit,
                what_was_removed_is_gone,
                a_retry_waits_until_its_time,
                a_late_worker_cannot_touch_what_another_has,
                a_late_worker_may_finish_what_nobody_took,
                the_backlog_is_what_is_there_and_what_is_due,
                the_backlog_knows_the_oldest_due_or_not,
                of_many_workers_each_notice_goes_to_one,
                a_notice_is_there_exactly_if_its_revocation_is,
            }
            contract! { $back_end signing_keys:
                keys_come_whole_and_by_active_at,
                a_key_is_added_unless_a_later_one_is_there,
                of_many_first_keys_one_is_added,
                of_many_successors_one_is_added,
                keys_are_removed_by_id,
                a_key_is_sealed_anew_once,
            }
            contract! { $back_end tallies:
                of_many_that_want_to_count_one_does,
                a_claim_is_good_until_it_runs_out,
                what_was_counted_is_told_until_it_is_counted_again,
                a_clock_that_was_wrong_stops_no_counting,
            }
            contract! { volatile $back_end }
            /// Redis lets its records go by itself.
            mod sweeps {
                contract! { $back_end sessions:
                    a_sweep_takes_what_expired_before_up_to_a_limit,
                }
                contract! { $back_end rotation:
                    after_the_sweep_a_late_use_is_unknown,
                }
                contract! { $back_end codes:
                    a_sweep_takes_what_has_expired_up_to_a_limit,
                }
                contract! { $back_end limits:
                    a_sweep_takes_what_is_whole_again_up_to_a_limit,
                }
            }
        }
    };
    (volatile $back_end:ident) => {
            contract! { $back_end revocations:
                what_is_published_is_read_in_order_and_whole,
                a_reader_goes_on_after_its_place_up_to_a_limit,
                what_has_expired_is_no_news,
                nothing_published_is_nothing_read,
            }
            contract! { $back_end sessions:
                an_open_session_is_got_whole,
                a_session_is_found_by_its_own_person_only,
                a_session_is_live_until_it_expires,
                a_list_is_of_one_person_and_by_last_use,
                the_subject_of_the_last_login_is_that_of_all,
                a_subject_can_be_set_for_all_sessions_at_once,
                a_new_proof_is_kept_while_the_session_lives,
                an_ended_session_is_gone,
                nobody_ends_another_persons_session,
                all_that_began_until_then_end,
                many_lines_of_the_journal_end_what_each_says,
                of_those_that_end_the_live_ones_are_counted,
            }
            contract! { $back_end session_count:
                without_sessions_there_are_none,
                live_sessions_of_everybody_are_counted,
                what_has_ended_or_expired_is_not_counted,
                what_is_condemned_or_evicted_is_not_counted,
            }
            contract! { $back_end session_limits:
                without_a_limit_any_number_opens,
                the_session_that_began_first_makes_room,
                an_evicted_session_is_told_of_until_it_is_ended,
                up_to_the_limit_none_has_to_end,
                as_many_end_as_a_lower_limit_asks,
                a_limit_of_one_leaves_the_new_one,
                one_too_many_is_refused_and_changes_nothing,
                where_one_has_ended_there_is_room,
                expired_sessions_do_not_count,
                other_peoples_sessions_do_not_count,
                many_at_once_leave_as_many_as_the_limit,
                many_at_once_are_refused_beyond_the_limit,
            }
            contract! { $back_end rotation:
                the_current_token_is_exchanged,
                the_parent_within_the_grace_changes_nothing,
                the_parent_after_the_grace_gets_a_new_successor,
                the_unseen_child_of_a_late_retry_is_spent,
                a_token_ahead_of_the_record_is_taken_as_current,
                a_spent_token_condemns_the_session,
                a_condemned_session_takes_no_room,
                a_forged_token_is_unknown_and_changes_nothing,
                a_session_of_nobody_is_unknown,
                another_client_condemns_the_session,
                another_client_changes_nothing_where_it_is_only_refused,
                the_client_is_checked_before_the_expiry,
                the_expiry_is_checked_before_the_place_in_the_chain,
                a_session_can_be_used_until_it_expires,
                a_late_use_still_says_expired,
                however_much_it_is_used_a_session_ends,
                an_exchange_remembers_where_it_came_from,
                a_session_leaves_others_alone,
            }
            contract! { $back_end rotation_races:
                of_many_that_present_the_current_token_one_exchanges_it,
                a_spent_token_among_many_condemns_the_session,
                after_an_end_no_exchange_succeeds,
                after_an_end_of_all_no_exchange_succeeds,
            }
            contract! { $back_end rotation_model:
                every_history_goes_as_in_the_model,
            }
            contract! { $back_end codes:
                a_right_guess_consumes_the_code,
                a_payload_is_any_bytes,
                the_last_guess_may_be_right,
                when_no_guess_is_left_the_code_is_void,
                a_code_after_a_void_one_has_every_guess,
                where_none_is_pending_none_is_found,
                a_code_is_void_from_its_end,
                another_put_sets_everything_but_the_guesses,
                a_code_after_an_expired_one_has_every_guess,
                a_replacement_sets_digest_and_end_and_nothing_else,
                a_code_is_worth_nothing_to_another_client,
                an_expired_code_of_another_client_is_none,
                each_client_has_its_own_code,
                of_many_right_guesses_one_is_right,
                of_many_wrong_guesses_as_many_count_as_are_allowed,
            }
            contract! { $back_end limits:
                a_budget_is_spent_at_once_and_grows_back_by_one,
                a_refusal_costs_nothing,
                a_budget_that_is_spent_is_so_for_those_who_are_behind,
                a_budget_of_a_clock_that_was_wrong_is_a_new_one,
                a_budget_grows_no_larger_than_it_was,
                each_key_has_its_own_budget,
                one_that_is_given_back_can_be_taken_again,
                giving_back_never_makes_a_budget_larger,
                of_many_takes_as_many_succeed_as_there_are,
                of_several_budgets_all_are_drawn_on_or_none,
                of_several_budgets_the_first_that_is_empty_is_named,
                of_many_takes_of_several_as_many_succeed_as_the_narrowest_has,
                many_that_give_back_all_count,
            }
    };
    ($back_end:ident $suite:ident: $($test:ident,)+) => {
        mod $suite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (stores, _data) = crate::storage::back_ends::$back_end().await;
                crate::storage::$suite::$test(stores).await;
            })+
        }
    };
}

contract!(sqlite);
contract!(postgres);
mod redis {
    contract!(volatile redis);
}
mod redis_cluster {
    contract!(volatile redis_cluster);
}
