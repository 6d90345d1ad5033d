-- table demo.app.item: id INT64, a STRING, b STRING, at TIMESTAMP
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, a STRING, b STRING, at TIMESTAMP
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`a` = S.`a`, T.`b` = S.`b`, T.`at` = S.`at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `a`, `b`, `at`) VALUES (S.`id`, S.`a`, S.`b`, S.`at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
