-- Sources whose state may be worth a notice, without reading all sources.
CREATE INDEX sources_failed ON sources (last_failure) WHERE last_failure IS NOT NULL;
CREATE INDEX sources_gone ON sources (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX sources_by_change ON sources (changed_at);
