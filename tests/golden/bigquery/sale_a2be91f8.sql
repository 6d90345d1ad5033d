-- table demo.app.sale: id INT64, what STRING, at DATETIME
-- table demo.app_staging.sale__RUN: _plimsoll_op STRING, id INT64, what STRING, at DATETIME
MERGE `demo.app.sale` AS T
USING `demo.app_staging.sale__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`what` = S.`what`, T.`at` = S.`at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `what`, `at`) VALUES (S.`id`, S.`what`, S.`at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
