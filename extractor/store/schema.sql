-- Schema of a new SQLite database, written by scripts/schema-sql from the migrations; not to be edited.
CREATE TABLE account (
	id INTEGER NOT NULL, 
	login VARCHAR(80) NOT NULL, 
	person VARCHAR(80) NOT NULL, 
	person_key VARCHAR(240) NOT NULL, 
	former_names JSON NOT NULL, 
	roles JSON NOT NULL, 
	books JSON, 
	password_hash VARCHAR(200) NOT NULL, 
	must_change BOOLEAN NOT NULL, 
	failures INTEGER NOT NULL, 
	locked_until DATETIME, 
	created_at DATETIME NOT NULL, 
	signed_in_at DATETIME, 
	disabled_at DATETIME, 
	CONSTRAINT pk_account PRIMARY KEY (id), 
	CONSTRAINT uq_account_login UNIQUE (login), 
	CONSTRAINT uq_account_person_key UNIQUE (person_key)
);
CREATE TABLE account_session (
	sha256 VARCHAR(64) NOT NULL, 
	account_id INTEGER NOT NULL, 
	csrf VARCHAR(64) NOT NULL, 
	begun_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_account_session PRIMARY KEY (sha256), 
	CONSTRAINT fk_account_session_account_id_account FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0010');
CREATE TABLE api_job (
	id VARCHAR(32) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	client VARCHAR(80) NOT NULL, 
	folder VARCHAR NOT NULL, 
	options JSON NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	cancel BOOLEAN NOT NULL, 
	attempts INTEGER NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	result JSON, 
	message VARCHAR NOT NULL, 
	mend VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	CONSTRAINT pk_api_job PRIMARY KEY (id)
);
CREATE TABLE api_key (
	id INTEGER NOT NULL, 
	client VARCHAR(80) NOT NULL, 
	prefix VARCHAR(16) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	scopes JSON NOT NULL, 
	books JSON, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	revoked_at DATETIME, 
	CONSTRAINT pk_api_key PRIMARY KEY (id), 
	CONSTRAINT uq_api_key_prefix UNIQUE (prefix)
);
CREATE TABLE api_reply (
	key_id INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	resource VARCHAR(32) NOT NULL, 
	begun_at DATETIME NOT NULL, 
	locked_until DATETIME, 
	status INTEGER, 
	headers JSON NOT NULL, 
	body VARCHAR NOT NULL, 
	CONSTRAINT pk_api_reply PRIMARY KEY (key_id, name), 
	CONSTRAINT fk_api_reply_key_id_api_key FOREIGN KEY(key_id) REFERENCES api_key (id)
);
CREATE TABLE api_upload (
	id VARCHAR(32) NOT NULL, 
	client VARCHAR(80) NOT NULL, 
	name VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	pages INTEGER, 
	reason VARCHAR(32) NOT NULL, 
	message VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_api_upload PRIMARY KEY (id)
);
CREATE TABLE approval (
	id INTEGER NOT NULL, 
	book_id INTEGER NOT NULL, 
	person VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	records INTEGER NOT NULL, 
	fields INTEGER NOT NULL, 
	withdrawn_by VARCHAR NOT NULL, 
	withdrawn_at DATETIME, 
	CONSTRAINT pk_approval PRIMARY KEY (id), 
	CONSTRAINT fk_approval_book_id_book FOREIGN KEY(book_id) REFERENCES book (id)
);
CREATE TABLE audit_event (
	seq INTEGER NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	actor VARCHAR NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	subject VARCHAR NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	mac VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_event PRIMARY KEY (seq)
);
CREATE TABLE book (
	id INTEGER NOT NULL, 
	register VARCHAR NOT NULL, 
	year VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	agency VARCHAR NOT NULL, 
	commune VARCHAR NOT NULL, 
	district VARCHAR NOT NULL, 
	province VARCHAR NOT NULL, 
	CONSTRAINT pk_book PRIMARY KEY (id), 
	CONSTRAINT uq_book_identity UNIQUE (register, year, number, agency, commune, district, province)
);
CREATE TABLE decision (
	id INTEGER NOT NULL, 
	field_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	person VARCHAR NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	token INTEGER, 
	reverses INTEGER, 
	"before" JSON NOT NULL, 
	"after" JSON NOT NULL, 
	CONSTRAINT pk_decision PRIMARY KEY (id), 
	CONSTRAINT fk_decision_field_id_field FOREIGN KEY(field_id) REFERENCES field (id), 
	CONSTRAINT fk_decision_reverses_decision FOREIGN KEY(reverses) REFERENCES decision (id), 
	CONSTRAINT uq_decision_reverses UNIQUE (reverses)
);
CREATE TABLE erased_page (
	page_id INTEGER NOT NULL, 
	erasure_id INTEGER NOT NULL, 
	file_sha256 VARCHAR(64) NOT NULL, 
	page INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	whole INTEGER NOT NULL, 
	CONSTRAINT pk_erased_page PRIMARY KEY (page_id), 
	CONSTRAINT fk_erased_page_page_id_page FOREIGN KEY(page_id) REFERENCES page (id), 
	CONSTRAINT fk_erased_page_erasure_id_erasure FOREIGN KEY(erasure_id) REFERENCES erasure (id)
);
CREATE TABLE erased_record (
	record_id INTEGER NOT NULL, 
	erasure_id INTEGER NOT NULL, 
	CONSTRAINT pk_erased_record PRIMARY KEY (record_id), 
	CONSTRAINT fk_erased_record_record_id_record FOREIGN KEY(record_id) REFERENCES record (id), 
	CONSTRAINT fk_erased_record_erasure_id_erasure FOREIGN KEY(erasure_id) REFERENCES erasure (id)
);
CREATE TABLE erasure (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	person VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	scope JSON NOT NULL, 
	events JSON NOT NULL, 
	CONSTRAINT pk_erasure PRIMARY KEY (id)
);
CREATE TABLE field (
	id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	code VARCHAR(64) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	raw TEXT NOT NULL, 
	value TEXT, 
	state VARCHAR(16) NOT NULL, 
	confidence FLOAT NOT NULL, 
	decision VARCHAR(16) NOT NULL, 
	reader VARCHAR(64) NOT NULL, 
	box JSON, 
	candidates JSON NOT NULL, 
	char_confidences JSON NOT NULL, 
	reader_version VARCHAR NOT NULL, 
	template_version VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	decided_at DATETIME, 
	retired_at DATETIME, 
	CONSTRAINT pk_field PRIMARY KEY (id), 
	CONSTRAINT fk_field_record_id_record FOREIGN KEY(record_id) REFERENCES record (id), 
	CONSTRAINT uq_field_record_id_code UNIQUE (record_id, code)
);
CREATE TABLE inspected_field (
	id INTEGER NOT NULL, 
	inspection_id INTEGER NOT NULL, 
	inspected_record_id INTEGER NOT NULL, 
	field_id INTEGER NOT NULL, 
	code VARCHAR(64) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	raw TEXT NOT NULL, 
	value TEXT, 
	state VARCHAR(16) NOT NULL, 
	pending BOOLEAN NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	person VARCHAR NOT NULL, 
	token INTEGER NOT NULL, 
	leased_until DATETIME, 
	CONSTRAINT pk_inspected_field PRIMARY KEY (id), 
	CONSTRAINT fk_inspected_field_inspection_id_inspection FOREIGN KEY(inspection_id) REFERENCES inspection (id), 
	CONSTRAINT fk_inspected_field_inspected_record_id_inspected_record FOREIGN KEY(inspected_record_id) REFERENCES inspected_record (id), 
	CONSTRAINT fk_inspected_field_field_id_field FOREIGN KEY(field_id) REFERENCES field (id), 
	CONSTRAINT uq_inspected_field_inspected_record_id_field_id UNIQUE (inspected_record_id, field_id)
);
CREATE TABLE inspected_record (
	id INTEGER NOT NULL, 
	inspection_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	book VARCHAR NOT NULL, 
	pdf_name VARCHAR NOT NULL, 
	CONSTRAINT pk_inspected_record PRIMARY KEY (id), 
	CONSTRAINT fk_inspected_record_inspection_id_inspection FOREIGN KEY(inspection_id) REFERENCES inspection (id), 
	CONSTRAINT fk_inspected_record_record_id_record FOREIGN KEY(record_id) REFERENCES record (id), 
	CONSTRAINT uq_inspected_record_inspection_id_record_id UNIQUE (inspection_id, record_id)
);
CREATE TABLE inspection (
	id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	person VARCHAR NOT NULL, 
	level VARCHAR(8) NOT NULL, 
	aql VARCHAR(8) NOT NULL, 
	severity VARCHAR(16) NOT NULL, 
	code_letter VARCHAR(2) NOT NULL, 
	lot_size INTEGER NOT NULL, 
	sample_size INTEGER NOT NULL, 
	acceptance INTEGER NOT NULL, 
	rejection INTEGER NOT NULL, 
	seed VARCHAR(64) NOT NULL, 
	lot JSON NOT NULL, 
	withdrawn_at DATETIME, 
	withdrawn_by VARCHAR NOT NULL, 
	CONSTRAINT pk_inspection PRIMARY KEY (id)
);
CREATE TABLE inspection_answer (
	id INTEGER NOT NULL, 
	inspected_field_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	person VARCHAR NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	token INTEGER, 
	reverses INTEGER, 
	raw TEXT NOT NULL, 
	value TEXT, 
	state VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_inspection_answer PRIMARY KEY (id), 
	CONSTRAINT fk_inspection_answer_inspected_field_id_inspected_field FOREIGN KEY(inspected_field_id) REFERENCES inspected_field (id), 
	CONSTRAINT fk_inspection_answer_reverses_inspection_answer FOREIGN KEY(reverses) REFERENCES inspection_answer (id), 
	CONSTRAINT uq_inspection_answer_reverses UNIQUE (reverses)
);
CREATE TABLE missing_page (
	id INTEGER NOT NULL, 
	book_id INTEGER NOT NULL, 
	after_page_id INTEGER, 
	pages INTEGER NOT NULL, 
	why TEXT NOT NULL, 
	person VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	outcome VARCHAR(16), 
	words TEXT NOT NULL, 
	settled_by VARCHAR NOT NULL, 
	settled_at DATETIME, 
	CONSTRAINT pk_missing_page PRIMARY KEY (id), 
	CONSTRAINT fk_missing_page_book_id_book FOREIGN KEY(book_id) REFERENCES book (id), 
	CONSTRAINT fk_missing_page_after_page_id_page FOREIGN KEY(after_page_id) REFERENCES page (id)
);
CREATE TABLE page (
	id INTEGER NOT NULL, 
	file_id INTEGER NOT NULL, 
	book_id INTEGER NOT NULL, 
	page INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	image VARCHAR NOT NULL, 
	image_to_source JSON, 
	pipeline_version VARCHAR NOT NULL, 
	form VARCHAR NOT NULL, 
	form_version VARCHAR NOT NULL, 
	registration JSON, 
	status VARCHAR(16) NOT NULL, 
	stored_at DATETIME NOT NULL, 
	superseded_at DATETIME, 
	CONSTRAINT pk_page PRIMARY KEY (id), 
	CONSTRAINT fk_page_file_id_source_file FOREIGN KEY(file_id) REFERENCES source_file (id), 
	CONSTRAINT fk_page_book_id_book FOREIGN KEY(book_id) REFERENCES book (id), 
	CONSTRAINT uq_page_file_id_page_sha256 UNIQUE (file_id, page, sha256)
);
CREATE TABLE page_instruction (
	id INTEGER NOT NULL, 
	file VARCHAR NOT NULL, 
	page INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	content JSON NOT NULL, 
	person VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_page_instruction PRIMARY KEY (id)
);
CREATE TABLE page_problem (
	id INTEGER NOT NULL, 
	page_id INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	message TEXT NOT NULL, 
	form VARCHAR, 
	registration JSON, 
	overlay VARCHAR, 
	resolution VARCHAR(16), 
	resolved_by VARCHAR NOT NULL, 
	resolved_at DATETIME, 
	CONSTRAINT pk_page_problem PRIMARY KEY (id), 
	CONSTRAINT fk_page_problem_page_id_page FOREIGN KEY(page_id) REFERENCES page (id), 
	CONSTRAINT uq_page_problem_page_id UNIQUE (page_id)
);
CREATE TABLE record (
	id INTEGER NOT NULL, 
	page_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	form VARCHAR NOT NULL, 
	form_version VARCHAR NOT NULL, 
	registration JSON NOT NULL, 
	retired_at DATETIME, 
	CONSTRAINT pk_record PRIMARY KEY (id), 
	CONSTRAINT fk_record_page_id_page FOREIGN KEY(page_id) REFERENCES page (id), 
	CONSTRAINT uq_record_page_id_number UNIQUE (page_id, number)
);
CREATE TABLE rule_warning (
	id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	rule VARCHAR(64) NOT NULL, 
	fields JSON NOT NULL, 
	message TEXT NOT NULL, 
	message_en TEXT NOT NULL, 
	severity VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_rule_warning PRIMARY KEY (id), 
	CONSTRAINT fk_rule_warning_record_id_record FOREIGN KEY(record_id) REFERENCES record (id)
);
CREATE TABLE source_file (
	id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	sort_key VARCHAR NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_source_file PRIMARY KEY (id), 
	CONSTRAINT uq_source_file_path UNIQUE (path)
);
CREATE TABLE task (
	id INTEGER NOT NULL, 
	field_id INTEGER NOT NULL, 
	book_id INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	code VARCHAR(64) NOT NULL, 
	key_rank INTEGER NOT NULL, 
	ease FLOAT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	person VARCHAR NOT NULL, 
	token INTEGER NOT NULL, 
	leased_until DATETIME, blind BOOLEAN DEFAULT 0 NOT NULL, rekeyed_by VARCHAR DEFAULT '' NOT NULL, learning_rank INTEGER, 
	CONSTRAINT pk_task PRIMARY KEY (id), 
	CONSTRAINT fk_task_field_id_field FOREIGN KEY(field_id) REFERENCES field (id), 
	CONSTRAINT fk_task_book_id_book FOREIGN KEY(book_id) REFERENCES book (id), 
	CONSTRAINT uq_task_field_id UNIQUE (field_id)
);
CREATE TABLE task_seen (
	task_id INTEGER NOT NULL, 
	person VARCHAR NOT NULL, 
	CONSTRAINT pk_task_seen PRIMARY KEY (task_id, person), 
	CONSTRAINT fk_task_seen_task_id_task FOREIGN KEY(task_id) REFERENCES task (id)
);
CREATE TABLE task_skip (
	task_id INTEGER NOT NULL, 
	person VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_task_skip PRIMARY KEY (task_id, person), 
	CONSTRAINT fk_task_skip_task_id_task FOREIGN KEY(task_id) REFERENCES task (id)
);
CREATE INDEX ix_source_file_sort_key ON source_file (sort_key);
CREATE INDEX ix_page_book_id_status ON page (book_id, status);
CREATE INDEX ix_field_code_decision ON field (code, decision);
CREATE INDEX ix_field_decision ON field (decision);
CREATE INDEX ix_rule_warning_record_id ON rule_warning (record_id);
CREATE INDEX ix_task_person ON task (person, status);
CREATE INDEX ix_decision_field_id ON decision (field_id);
CREATE INDEX ix_decision_person_action ON decision (person, action, id);
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE INDEX ix_inspected_field_next ON inspected_field (inspection_id, status, id);
CREATE INDEX ix_inspected_field_field_id ON inspected_field (field_id);
CREATE INDEX ix_inspection_answer_inspected_field_id ON inspection_answer (inspected_field_id);
CREATE INDEX ix_inspection_answer_person ON inspection_answer (person, id);
CREATE TRIGGER inspection_answer_no_delete BEFORE DELETE ON inspection_answer BEGIN SELECT RAISE(ABORT, 'inspection_answer is append-only'); END;
CREATE INDEX ix_api_key_client ON api_key (client);
CREATE INDEX ix_api_reply_begun_at ON api_reply (begun_at);
CREATE INDEX ix_api_upload_client ON api_upload (client, created_at, id);
CREATE INDEX ix_api_job_next ON api_job (folder, state, created_at, id);
CREATE INDEX ix_api_job_client ON api_job (client, kind, created_at, id);
CREATE INDEX ix_account_session_account_id ON account_session (account_id);
CREATE INDEX ix_approval_book_id ON approval (book_id, id);
CREATE INDEX ix_page_instruction_file_page ON page_instruction (file, page, sha256, id);
CREATE INDEX ix_missing_page_book_id ON missing_page (book_id, id);
CREATE TRIGGER page_instruction_no_update BEFORE UPDATE ON page_instruction BEGIN SELECT RAISE(ABORT, 'page_instruction is append-only'); END;
CREATE TRIGGER page_instruction_no_delete BEFORE DELETE ON page_instruction BEGIN SELECT RAISE(ABORT, 'page_instruction is append-only'); END;
CREATE INDEX ix_task_learning ON task (status, learning_rank, id) WHERE learning_rank IS NOT NULL;
CREATE INDEX ix_erased_page_sha256 ON erased_page (sha256);
CREATE TRIGGER erasure_no_update BEFORE UPDATE ON erasure BEGIN SELECT RAISE(ABORT, 'erasure is append-only'); END;
CREATE TRIGGER erasure_no_delete BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'erasure is append-only'); END;
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision WHEN NOT coalesce(NEW.id IS OLD.id AND NEW.field_id IS OLD.field_id AND NEW.at IS OLD.at AND NEW.person IS OLD.person AND NEW.action IS OLD.action AND NEW.token IS OLD.token AND NEW.reverses IS OLD.reverses AND json_extract(NEW.before, '$.raw') = '' AND json_extract(NEW.before, '$.value') IS NULL AND json_extract(NEW.before, '$.candidates') = '[]' AND json_extract(NEW.before, '$.erased') IN (SELECT id FROM erasure) AND json_extract(NEW.after, '$.raw') = '' AND json_extract(NEW.after, '$.value') IS NULL AND json_extract(NEW.after, '$.candidates') = '[]' AND json_extract(NEW.after, '$.erased') IN (SELECT id FROM erasure), 0) BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER inspection_answer_no_update BEFORE UPDATE ON inspection_answer WHEN NOT coalesce(NEW.id IS OLD.id AND NEW.inspected_field_id IS OLD.inspected_field_id AND NEW.at IS OLD.at AND NEW.person IS OLD.person AND NEW.action IS OLD.action AND NEW.token IS OLD.token AND NEW.reverses IS OLD.reverses AND NEW.state IS OLD.state AND NEW.raw = '' AND NEW.value IS NULL AND EXISTS (SELECT 1 FROM erasure), 0) BEGIN SELECT RAISE(ABORT, 'inspection_answer is append-only'); END;
CREATE INDEX ix_task_next ON task (key_rank, ease, id) WHERE status = 'open';
CREATE INDEX ix_task_book_next ON task (book_id, key_rank, ease, id) WHERE status = 'open';
CREATE INDEX ix_task_kind_next ON task (kind, key_rank, ease, id) WHERE status = 'open';
CREATE INDEX ix_task_code_next ON task (code, key_rank, ease, id) WHERE status = 'open';
CREATE INDEX ix_task_disputed ON task (book_id, id) WHERE status = 'open' AND rekeyed_by <> '';
CREATE INDEX ix_task_leased ON task (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX ix_task_skip_person ON task_skip (person, at, task_id);
