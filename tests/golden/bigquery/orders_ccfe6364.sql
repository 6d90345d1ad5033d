-- table demo.app.orders: id INT64, note STRING, amount NUMERIC, updated_at TIMESTAMP
-- table demo.app_staging.orders__RUN: _plimsoll_op STRING, id INT64, note STRING, amount NUMERIC, updated_at TIMESTAMP
MERGE `demo.app.orders` AS T
USING `demo.app_staging.orders__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`note` IS DISTINCT FROM S.`note` OR T.`amount` IS DISTINCT FROM S.`amount` OR T.`updated_at` IS DISTINCT FROM S.`updated_at`) THEN UPDATE SET T.`note` = S.`note`, T.`amount` = S.`amount`, T.`updated_at` = S.`updated_at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `amount`, `updated_at`) VALUES (S.`id`, S.`note`, S.`amount`, S.`updated_at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
