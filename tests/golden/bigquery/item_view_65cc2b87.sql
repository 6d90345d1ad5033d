-- table demo.app.item_view: item_id INT64, name STRING, owner_id INT64, owner STRING
-- table demo.app_staging.item_view__RUN: _plimsoll_op STRING, item_id INT64, name STRING, owner_id INT64, owner STRING
MERGE `demo.app.item_view` AS T
USING (SELECT * FROM `demo.app_staging.item_view__RUN` WHERE `_plimsoll_op` <> 'S' QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `item_id`, `name`, `owner_id`, `owner`) = 1) AS S
ON T.`item_id` = S.`item_id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`name` = S.`name`, T.`owner_id` = S.`owner_id`, T.`owner` = S.`owner`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`item_id`, `name`, `owner_id`, `owner`) VALUES (S.`item_id`, S.`name`, S.`owner_id`, S.`owner`)
WHEN NOT MATCHED BY SOURCE AND (T.`owner_id` IN (SELECT `owner_id` FROM `demo.app_staging.item_view__RUN` WHERE `_plimsoll_op` = 'S' AND `owner_id` IS NOT NULL)) THEN DELETE
