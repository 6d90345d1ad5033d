-- table demo.app.project: project_id INT64, name STRING, company STRING, is_deleted BOOL, deleted_at TIMESTAMP
-- table demo.app_staging.project__RUN: _plimsoll_op STRING, project_id INT64, name STRING, company STRING
MERGE `demo.app.project` AS T
USING `demo.app_staging.project__RUN` AS S
ON T.`project_id` = S.`project_id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`name` = S.`name`, T.`company` = S.`company`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`project_id`, `name`, `company`, `is_deleted`) VALUES (S.`project_id`, S.`name`, S.`company`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
