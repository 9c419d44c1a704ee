//! Articles and robots.txt files: the persistent level of the page cache.

use rusqlite::{Connection, OptionalExtension, params};

use url::Url;

use super::{StoreError, optional, seconds, statements, time};
use crate::model::{Article, ArticleRecord, Method, RobotsRecord, Validators};

pub fn article(connection: &Connection, key: &str) -> Result<Option<ArticleRecord>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ARTICLE)?;
    let found = statement.query_row([key], |row| {
        Ok(ArticleRecord {
            key: key.to_owned(),
            final_url: row.get("final_url")?,
            validators: Validators { etag: row.get("etag")?, last_modified: row.get("last_modified")? },
            fetched_at: time(row.get("fetched_at")?),
            article: Article {
                title: row.get("title")?,
                text: row.get("text")?,
                published: row.get::<_, Option<i64>>("published")?.map(time),
                published_guessed: row.get("published_guessed")?,
                author: row.get("author")?,
                canonical_url: row.get("canonical_url")?,
                lang: row.get("lang")?,
                method: row.get::<_, String>("method")?.parse().unwrap_or_default(),
                partial: row.get("partial")?,
            },
        })
    });
    Ok(found.optional()?)
}

/// How the newest pages of `host` were read, the newest first, at most `limit`.
pub fn methods(connection: &Connection, host: &str, limit: usize) -> Result<Vec<Method>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ARTICLES_OF_HOST)?;
    let rows = statement.query_map(params![host, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut methods = Vec::new();
    for row in rows {
        let (key, method) = row?;
        // The range also has hosts whose names go on with a digit.
        if Url::parse(&key).is_ok_and(|url| url.host_str() == Some(host)) {
            methods.push(method.parse().unwrap_or_default());
        }
    }
    Ok(methods)
}

pub fn robots(connection: &Connection, origin: &str) -> Result<Option<RobotsRecord>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ROBOTS)?;
    let found = statement.query_row([origin], |row| {
        Ok(RobotsRecord { origin: origin.to_owned(), fetched_at: time(row.get(0)?), body: row.get(1)? })
    });
    Ok(found.optional()?)
}

pub fn put(
    connection: &Connection,
    articles: &[ArticleRecord],
    robots: &[RobotsRecord],
) -> Result<(), StoreError> {
    for record in articles {
        let article = &record.article;
        connection.prepare_cached(statements::ARTICLE_PUT)?.execute(params![
            record.key,
            record.final_url,
            record.validators.etag,
            record.validators.last_modified,
            seconds(record.fetched_at),
            article.title,
            article.text,
            optional(article.published),
            article.published_guessed,
            article.author,
            article.canonical_url,
            article.lang,
            article.method.as_str(),
            article.partial
        ])?;
    }
    for file in robots {
        let values = params![file.origin, seconds(file.fetched_at), file.body];
        connection.prepare_cached(statements::ROBOTS_PUT)?.execute(values)?;
    }
    Ok(())
}
