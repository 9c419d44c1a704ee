use super::*;

#[tokio::test]
async fn a_full_cache_keeps_the_newest_pages() {
    let weight = u64::try_from(RECORD_WEIGHT).unwrap() + 2;
    let cache = PageCache::new(2 * weight);
    let failed = || FetchError { kind: FailureKind::NoText, retry: Retry::Never };
    for number in 10..20 {
        let key = number.to_string();
        for _ in number..20 {
            let page = async { Arc::new(CachedPage::Failed(failed())) };
            cache.pages.get_with(key.clone(), page).await;
        }
        cache.pages.run_pending_tasks().await;
    }
    let kept: Vec<u8> = (10..20).filter(|number| cache.pages.contains_key(&number.to_string())).collect();
    assert_eq!((kept, cache.counts().await.evictions), (vec![18, 19], 8));
}
