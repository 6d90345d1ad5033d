-- table demo.app.orders: id INT64, note STRING, amount NUMERIC, updated_at TIMESTAMP, _plimsoll_synced_at TIMESTAMP, _plimsoll_run STRING
-- table demo.app_staging.orders__RUN: _plimsoll_op STRING, id INT64, note STRING, amount NUMERIC, updated_at TIMESTAMP
MERGE `demo.app.orders` AS T
USING `demo.app_staging.orders__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`note` = S.`note`, T.`amount` = S.`amount`, T.`updated_at` = S.`updated_at`, T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `amount`, `updated_at`, `_plimsoll_synced_at`, `_plimsoll_run`) VALUES (S.`id`, S.`note`, S.`amount`, S.`updated_at`, CURRENT_TIMESTAMP(), 'RUN')
WHEN NOT MATCHED BY SOURCE THEN DELETE
