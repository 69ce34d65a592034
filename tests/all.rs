//! Every integration test of the server, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; not every one of these is used at every time"
)]

mod cli_docs;
mod cli_doctor;
mod cli_help;
mod cli_keep;
mod cli_node;
mod commands_reference;
mod decide_cases;
mod decide_decisions;
mod decide_delegation;
mod decide_licences;
mod decide_packs;
mod decide_refusals;
mod decide_workspace;
mod faults_clock;
mod faults_cluster;
mod faults_disk;
mod faults_erasure;
mod faults_feed;
mod faults_folder;
mod faults_init;
mod faults_input;
mod faults_keys;
mod faults_kill;
mod faults_modes;
mod faults_passing;
mod faults_races;
mod feed;
mod feed_access;
mod feed_compare;
mod feed_epochs;
mod feed_examples;
mod http_access_matrix;
mod http_authzen;
mod http_catalogue;
mod http_commands;
mod http_enrolment;
mod http_landlord;
mod http_licences;
mod http_limits;
mod http_oracles;
mod http_packs;
mod http_questions;
mod http_reading;
mod http_reports;
mod http_service;
mod http_stream;
mod http_tls;
mod http_tokens;
mod keys;
mod log_contract;
mod log_crash;
mod log_faults;
mod log_formats;
mod modules;
mod node_backup;
mod node_checkpoint;
mod node_commands;
mod node_crash;
mod node_epochs;
mod node_open;
mod node_validity;
mod proof_evidence;
mod proof_http;
mod proof_tree;
mod replica;
mod replica_trust;
mod rules;
mod same_answers;
mod story_data_all;
mod story_data_hub;
mod story_hengshi;
mod story_orgvue;
mod story_panintelligence;
mod story_saas;
mod support;
